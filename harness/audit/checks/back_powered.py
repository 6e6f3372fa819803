"""
A rail that something else feeds: it stays above 0.3 V when its supply is off.

A unit that is "off" but tied to the bench by I2C, UART or GPIO lives on through its protection diodes.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...model.finding import Finding, Grade
from ...model.quantity import BACK_POWERED_V
from ..cut import Level
from ..seen import Outcome, Seen

_JUDGED = (Outcome.SOUND, Outcome.BACK_POWERED, Outcome.LEAKING, Outcome.STILL_FALLING)
_FEEDS = "its console, I2C, GPIO or USB lines, or a second supply; disconnect them one by one, or isolate them"


def findings(seen: Seen) -> Iterator[Finding]:
    """
    One row for each rail that was cut.
    """
    for channel in seen.channels:
        result = seen.outcome(channel)
        if channel.first is None or result not in _JUDGED:
            continue
        late = Level.of(channel.first.dark(channel.dut, 0.25))
        if late is None:
            continue
        off_s = (channel.first.on.earliest_ns - channel.first.off.latest_ns) / 1e9
        grade, told, advice = Grade.OK, f"falls to {late.bus_v:.2f} V", ""
        if result is Outcome.BACK_POWERED:
            grade = Grade.FAIL
            told = f"stays at {late.bus_v:.2f} V when it is off, with no current from its supply"
            advice = f"something feeds it: {_FEEDS}"
        elif result is Outcome.LEAKING:
            grade, told = Grade.FAIL, f"falls to {late} only, through its meter"
            advice = "look for a path around the contact that goes through the meter"
        elif result is Outcome.STILL_FALLING:
            grade = Grade.CANNOT_TELL
            told = f"is still falling after {off_s:.1f} s, at {late.bus_v:.2f} V"
            advice = f"its capacitors hold it; a bleeder resistor brings it below {BACK_POWERED_V} V"
        yield Finding(check="back-powered", subject=channel.dut, measured=told, grade=grade, advice=advice)
