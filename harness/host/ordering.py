"""
From what was asked for over HTTP to what a supervisor is asked.
"""

from __future__ import annotations

import os
import secrets

from ..config.drill import load_drill
from ..errors import UsageError
from ..model.rig import RigSpec
from ..supervise.request import RunRequest
from .catalogue import Catalogue
from .schemas import RunOrder


def request_of(order: RunOrder, catalogue: Catalogue) -> tuple[RunRequest, RigSpec]:
    """
    The request for an order, and the rig that it is for; drill and overrides are checked. Raises UsageError.
    """
    rig = catalogue.rig(order.rig)
    request = RunRequest(
        drill=catalogue.source("drill", order.drill),
        rig=catalogue.source("rig", rig.name),
        seed=_seed(order.seed, virtual=rig.is_virtual),
        trials=order.trials,
        overrides=order.overrides,
        until_failure=order.until_failure,
    )
    load_drill(request.drill, request.drill_overrides)
    return request, rig


def _seed(given: int | None, *, virtual: bool) -> int:
    """
    As on the command line: as asked for, else the environment's, else 0 in virtual time and a fresh one in real time.
    """
    if given is not None:
        return given
    named = os.environ.get("CRASHBENCH_SEED")
    if not named:
        return 0 if virtual else secrets.randbelow(2**31)
    try:
        return int(named)
    except ValueError as error:
        raise UsageError(f"'{named}' is no whole number", key="CRASHBENCH_SEED") from error
