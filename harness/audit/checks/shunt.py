"""
A shunt that is another one than the rig file says: the current is implausible.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...model.finding import Finding, Grade
from ...model.reading import Flag
from ..seen import Seen

# By so much may a current be off when the shunt is the right one: a cheap resistor by 5 %, the copper and solder in
# series with it by as much again; the chips themselves by 1 % at most.
_TOLERANCE = 0.1
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
        low_a, high_a = least_a * (1 - _TOLERANCE), most_a * (1 + _TOLERANCE)
        if low_a <= rest.current_a <= high_a:
            # The true current is one that was declared, whatever the shunt makes of it.
            hidden = max(high_a / least_a, most_a / low_a)
            told += f": a shunt that is wrong by less than a factor of {hidden:.2g} is not seen"
            yield Finding(check=_NAME, subject=meter, measured=told, grade=Grade.OK)
            continue
        if dut in seen.silent:
            told += ", and it was not seen to run"
            yield Finding(check=_NAME, subject=meter, measured=told, grade=Grade.CANNOT_TELL)
            continue
        advice = f"read what is printed on the shunt, and correct `shunt` in [devices.{meter}]"
        yield Finding(check=_NAME, subject=meter, measured=told, grade=Grade.FAIL, advice=advice)
