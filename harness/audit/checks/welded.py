"""
A contact that does not open: commanded off, the rail and its current stay, and something hangs on the switch's line.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...model.finding import Finding, Grade
from ..cut import Level
from ..seen import Outcome, Seen

_NAME = "welded"


def findings(seen: Seen) -> Iterator[Finding]:
    """
    One row for each switch that was struck.
    """
    for channel in seen.channels:
        result = seen.outcome(channel)
        if channel.first is None or channel.is_wired is False or result in (None, Outcome.RESET, Outcome.BLIND):
            continue
        stuck = result in (Outcome.UNMOVED, Outcome.LEAKING) and not seen.moved(channel)
        late = Level.of(channel.first.dark(channel.dut, 0.25))
        if not stuck:
            yield Finding(check=_NAME, subject=channel.name, measured="its contact opens", grade=Grade.OK)
            continue
        advice = "replace the relay: its contact is welded; then look for what bypasses it"
        if channel.is_wired is None:
            advice += f"; if it does not even click, it is not wired to {_line(channel.switch)}"
        yield Finding(
            check=_NAME,
            subject=channel.name,
            measured=f"commanded off, the rail stays at {late}",
            grade=Grade.FAIL,
            advice=advice,
        )


def _line(switch: object) -> str:
    config = getattr(switch, "config", None)
    for name in ("pin", "output"):
        if hasattr(config, name):
            return f"{name} {getattr(config, name)}"
    return "this rail"
