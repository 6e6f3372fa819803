"""
Options that several commands share.
"""

from __future__ import annotations

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


def length_s(given: str, key: str) -> float:
    """
    A length of time in seconds. Raises UsageError, naming the option, for what is none, or not more than 0.
    """
    from ..config.units import quantity

    try:
        length = quantity(given, "_s")
    except UsageError as error:
        raise error.within(key=key) from error
    if length <= 0:
        raise UsageError(f'\'{given}\' is not more than 0; write it like "90 d" or "2 s"', key=key)
    return length
