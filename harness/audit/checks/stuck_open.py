"""
A contact that does not close: commanded on, the rail stays dead.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...model.finding import Finding, Grade
from ...model.quantity import BACK_POWERED_V
from ..seen import Seen


def findings(seen: Seen) -> Iterator[Finding]:
    """
    One row for each rail that has no power at rest.
    """
    for dut in seen.rests:
        rest = seen.rest(dut)
        if rest is None or rest.bus_v >= seen.rig.duts[dut].brown_out_v:
            continue
        switch = seen.rig.duts[dut].roles.get("power", dut)
        what = "dead" if rest.bus_v < BACK_POWERED_V else "down"
        yield Finding(
            check="stuck open",
            subject=switch,
            measured=f"commanded on, the rail of '{dut}' stays {what}: {rest}",
            grade=Grade.FAIL,
            advice="look for the supply and its fuse; if they are well, the relay's contact does not close: replace it",
        )
