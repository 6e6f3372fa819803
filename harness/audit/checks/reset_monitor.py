"""
A monitor that is fed by the rail it watches: a cut resets it, and it says nothing of what happened meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...model.finding import Finding, Grade
from ..seen import Outcome, Seen

_ADVICE = "feed the monitor's VCC from the controller's 3.3 V, never from the switched rail"


def findings(seen: Seen) -> Iterator[Finding]:
    """
    One row for each meter that was to see a cut.
    """
    for channel in seen.channels:
        result = seen.outcome(channel)
        if result in (None, Outcome.BLIND, Outcome.UNMOVED):
            continue
        meter = seen.rig.duts[channel.dut].roles.get("meter", channel.dut)
        is_reset = result is Outcome.RESET
        yield Finding(
            check="reset monitor",
            subject=meter,
            measured="was reset by the cut: it is fed by the rail that it watches" if is_reset else "outlives the cut",
            grade=Grade.FAIL if is_reset else Grade.OK,
            advice=_ADVICE if is_reset else "",
        )
