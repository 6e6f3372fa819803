"""
A rail's voltage at rest, beside the nominal one of the rig file.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...model.finding import Finding, Grade
from ..seen import Seen

# What supplies of the usual kind keep (USB 2.0, 7.2.2: 4.75 V to 5.25 V; most DC inputs: ±10 %).
_TOLERANCE_RATIO = 0.1


def findings(seen: Seen) -> Iterator[Finding]:
    """
    One row for each rail that has power.
    """
    for dut in seen.rests:
        rest, spec = seen.rest(dut), seen.rig.duts[dut]
        if rest is None or rest.bus_v < spec.brown_out_v:
            continue
        off = rest.bus_v / spec.nominal_v - 1
        is_well = abs(off) <= _TOLERANCE_RATIO
        yield Finding(
            check="rail",
            subject=dut,
            measured=f"{rest.bus_v:.3f} V at rest, {off:+.1%} of its nominal {spec.nominal_v:g} V",
            grade=Grade.OK if is_well else Grade.FAIL,
            advice="" if is_well else f"mend the supply, or correct `nominal` in [dut.{dut}]",
        )
