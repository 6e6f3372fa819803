"""
A shunt that is another one than the rig file says: the current is implausible.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...model.finding import Finding, Grade
from ...model.reading import Flag
from ..seen import Seen

# While it boots a unit draws up to twice as much as when it runs, or half as much; shunts differ by 2, 5 or 10.
_PLAUSIBLE = 2.0
_NAME = "shunt"


def findings(seen: Seen) -> Iterator[Finding]:
    """
    One row for each rail that has power.
    """
    for dut in seen.rests:
        rest, spec = seen.rest(dut), seen.rig.duts[dut]
        meter = spec.roles.get("meter", dut)
        if seen.rests[dut] and all(reading.flag is Flag.OVERFLOW for reading in seen.rests[dut]):
            told = "the current is beyond what the meter was set up for"
            advice = f"the shunt is larger than `shunt` in [devices.{meter}] says, or the unit draws more than that"
            yield Finding(check=_NAME, subject=meter, measured=told, grade=Grade.FAIL, advice=advice)
        if rest is None or not seen.is_fed(dut):
            continue
        if not spec.run_current_a:
            told = f"{rest.current_a * 1000:.0f} mA, and nothing to compare it with"
            advice = f'declare what the unit draws when it runs: `run_current = ["…", "…"]` in [dut.{dut}]'
            yield Finding(check=_NAME, subject=meter, measured=told, grade=Grade.CANNOT_TELL, advice=advice)
            continue
        least_a, most_a = min(spec.run_current_a), max(spec.run_current_a)
        declared = f"{least_a * 1000:g} to {most_a * 1000:g} mA"
        told = f"{rest.current_a * 1000:.0f} mA; the unit is declared to draw {declared} when it runs"
        if least_a / _PLAUSIBLE <= rest.current_a <= most_a * _PLAUSIBLE:
            yield Finding(check=_NAME, subject=meter, measured=told, grade=Grade.OK)
            continue
        advice = f"read what is printed on the shunt, and correct `shunt` in [devices.{meter}]"
        yield Finding(check=_NAME, subject=meter, measured=told, grade=Grade.FAIL, advice=advice)
