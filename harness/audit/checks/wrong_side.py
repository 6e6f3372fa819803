"""
A monitor on the wrong side of the contact: it sees the current cease, and the supply's voltage, not the DUT's.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...model.finding import Finding, Grade
from ..cut import Level
from ..seen import Outcome, Seen


def findings(seen: Seen) -> Iterator[Finding]:
    """
    One row for each rail whose voltage stayed when its current ceased.
    """
    for channel in seen.channels:
        if channel.first is None or seen.outcome(channel) is not Outcome.WRONG_SIDE:
            continue
        late = Level.of(channel.first.dark(channel.dut, 0.25))
        yield Finding(
            check="wrong side",
            subject=seen.rig.duts[channel.dut].roles.get("meter", channel.dut),
            measured=f"commanded off, the current falls to zero and the voltage stays: {late}",
            grade=Grade.FAIL,
            advice="its VBUS is before the contact: move it behind, to the DUT; if it is there, a second supply feeds "
            "the DUT at full voltage",
        )
