"""
From what was asked for over HTTP to what a supervisor is asked.
"""

from __future__ import annotations

from ..config.drill import load_drill
from ..model.rig import RigSpec
from ..supervise.request import RunRequest, seed_of
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
        seed=seed_of(order.seed, virtual=rig.is_virtual),
        trials=order.trials,
        overrides=order.overrides,
        until_failure=order.until_failure,
    )
    load_drill(request.drill, request.drill_overrides)
    return request, rig
