"""
What the bench clock is made of.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...model.finding import Finding, Grade
from ..seen import Seen
from . import BENCH

# Timers that are reached over a bus take a microsecond to read; jiffies go in steps of milliseconds.
_SLOW = {"hpet", "acpi_pm"}
_COARSE = {"jiffies", "refined-jiffies"}


def findings(seen: Seen) -> Iterator[Finding]:
    """
    One row; in virtual time the clock is the bench's own.
    """
    if seen.rig.is_virtual:
        yield Finding(check="clock", subject=BENCH, measured="virtual: exact", grade=Grade.OK)
        return
    try:
        path = seen.host.sys / "devices/system/clocksource/clocksource0/current_clocksource"
        source = path.read_text(encoding="ascii").strip()
    except OSError:
        yield Finding(check="clock", subject=BENCH, measured="not known here", grade=Grade.CANNOT_TELL)
        return
    grade = Grade.FAIL if source in _COARSE else Grade.WARN if source in _SLOW else Grade.OK
    advice = "" if grade is Grade.OK else "see `available_clocksource` beside it for one of the processor's own"
    yield Finding(check="clock", subject=BENCH, measured=f"CLOCK_MONOTONIC by {source}", grade=grade, advice=advice)
