"""
The shortest interruption that a switch makes honestly, beside the one that the rig file promises.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...model.finding import Finding, Grade
from ..ladder import RESOLUTION_PERIODS, Floor
from ..seen import Channel, Seen
from ..spread import milliseconds

# A few pulses do not prove the next one: what is recommended is a rung longer than the shortest honest one.
_MARGIN = 2**0.5

_AND_A_BIT = 1 + 1e-9


def findings(seen: Seen) -> Iterator[Finding]:
    """
    One row for each switch whose ladder was gone down.
    """
    for channel in seen.channels:
        if channel.rungs:
            yield _row(channel, Floor.of(channel.rungs), RESOLUTION_PERIODS * seen.periods_s[channel.dut])


def _row(channel: Channel, floor: Floor, resolution_s: float) -> Finding:
    declared_s, key = channel.switch.min_pulse_s, f"[devices.{channel.name}]"
    honest = _ms(floor.honest_s) if floor.honest_s is not None else ""
    if floor.busy_s is not None:
        known = f"{honest} or less" if honest else "not known"
        told = f"{known}: the controller was too busy to time {_ms(floor.busy_s)}"
        return _finding(channel, told, Grade.CANNOT_TELL, "measure again when nothing else runs on it")
    if floor.honest_s is None:
        told = f"none: already {_ms(floor.fails_s or 0.0)} fails ({floor.why})"
        return _finding(channel, told, Grade.FAIL, "use another switch: this one makes no short interruption")
    if floor.fails_s is None:
        least_s = channel.rungs[-1].asked_s
        if least_s >= 1.5 * resolution_s:
            return _finding(channel, f"{honest} or less: its least off-time is longer", Grade.OK, "")
        told = f"{honest} or less: the meter can tell none shorter"
        if declared_s >= least_s / _AND_A_BIT:
            return _finding(channel, told, Grade.OK, "")
        return _finding(channel, f"{told}; {_ms(declared_s)} is declared", Grade.CANNOT_TELL, "")
    told = f"{honest}: {_ms(floor.fails_s)} fails ({floor.why})"
    write = f'`min_pulse = "{milliseconds(_MARGIN * floor.honest_s)}"` in {key}'
    if declared_s <= floor.fails_s * _AND_A_BIT:
        return _finding(channel, told, Grade.FAIL, f"write {write}: it promises {_ms(declared_s)}")
    advice = f"{write} would be honest, too" if declared_s > _MARGIN * floor.honest_s * _AND_A_BIT else ""
    return _finding(channel, told, Grade.OK, advice)


def _finding(channel: Channel, told: str, grade: Grade, advice: str) -> Finding:
    return Finding(check="floor", subject=channel.name, measured=told, grade=grade, advice=advice)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.3g} ms"
