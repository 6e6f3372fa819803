"""
Options that several commands share.
"""

from __future__ import annotations

import os
from contextvars import ContextVar
from typing import Annotated

import typer

from ..errors import UsageError

is_debug: ContextVar[bool] = ContextVar("is_debug", default=False)

RigOption = Annotated[
    str | None,
    typer.Option("--rig", "-r", help="A rig's file, or the name of a shipped one.", envvar="CRASHBENCH_RIG"),
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON.")]
SetOption = Annotated[list[str] | None, typer.Option("--set", help="Override a key of the drill: drill.key=value.")]


def rig_name(given: str | None) -> str:
    """
    The rig that was asked for. Raises UsageError when none was.
    """
    if given:
        return given
    raise UsageError("missing; name a rig's file or a shipped rig, like `--rig sim`", key="--rig")


def seed_of(given: int | None, *, virtual: bool) -> int:
    """
    The seed: as asked for, else the environment's, else 0 in virtual time and a fresh one in real time.

    Raises UsageError.
    """
    import secrets

    if given is not None:
        return given
    named = os.environ.get("CRASHBENCH_SEED")
    if named:
        try:
            return int(named)
        except ValueError as error:
            raise UsageError(f"'{named}' is no whole number", key="CRASHBENCH_SEED") from error
    return 0 if virtual else secrets.randbelow(2**31)
