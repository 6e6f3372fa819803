"""
A switch that moves nothing anywhere, and on whose line nothing hangs.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...model.finding import Finding, Grade
from ..seen import Outcome, Seen


def findings(seen: Seen) -> Iterator[Finding]:
    """
    One row for each such switch.
    """
    for channel in seen.channels:
        if seen.outcome(channel) is not Outcome.UNMOVED or seen.moved(channel) or channel.is_wired is not False:
            continue
        pin = getattr(getattr(channel.switch, "config", None), "pin", "?")
        yield Finding(
            check="unwired",
            subject=channel.name,
            measured=f"commanded off, no rail moves anywhere; pin {pin} goes where it is pulled: nothing hangs on it",
            grade=Grade.FAIL,
            advice=f"wire the relay to pin {pin}, or give the pin that it is wired to in [devices.{channel.name}]",
        )
