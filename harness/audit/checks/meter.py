"""
A rail's meter: there, awake, within its range, the right way round.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ...model.finding import Finding, Grade
from ...model.reading import Flag
from ..seen import Outcome, Seen

_ADVICE = {
    Flag.STALE: "it acknowledges and never converts: it sleeps, or its clock is dead; power-cycle it, then replace it",
    Flag.NACK: "it stopped acknowledging: check its supply, its wires, the bus's pull-ups",
    Flag.RESET: "it loses its set-up by itself: its supply is not firm",
    Flag.OVERFLOW: "more flows than it was set up for: look at `shunt` and `max_current`",
}
_WORDS = {Flag.STALE: "sleeps", Flag.NACK: "is dead", Flag.RESET: "is reset at rest", Flag.OVERFLOW: "overflows"}
_NAME = "meter"


def findings(seen: Seen) -> Iterator[Finding]:
    """
    One row for each DUT.
    """
    for dut in seen.rig.duts.values():
        name = dut.roles.get("meter", "")
        if not name:
            yield Finding(
                check=_NAME,
                subject=dut.name,
                measured="nothing measures its rail",
                grade=Grade.CANNOT_TELL,
                advice=f"add a power monitor in the role `meter` of [dut.{dut.name}.roles]: a cut must be proven",
            )
        elif name in seen.missing:
            yield Finding(check=_NAME, subject=name, measured=f"is dead: {seen.missing[name]}", grade=Grade.FAIL)
        elif dut.name in seen.rests:
            yield _read(seen, dut.name, name)


def _read(seen: Seen, dut: str, name: str) -> Finding:
    flags = Counter(reading.flag for reading in seen.rests[dut])
    bad, _ = next(((flag, n) for flag, n in flags.most_common() if flag is not Flag.OK), (None, 0))
    rest = seen.rest(dut)
    if bad is not None:
        told = f"{_WORDS[bad]}: {flags[bad]} of {flags.total()} readings are {bad.value}"
        return Finding(check=_NAME, subject=name, measured=told, grade=Grade.FAIL, advice=_ADVICE[bad])
    if rest is None:
        return Finding(check=_NAME, subject=name, measured="gave no reading", grade=Grade.FAIL)
    told = f"reads {rest}, every {seen.periods_s[dut] * 1000:.3g} ms"
    if rest.current_a < -seen.sees_a(dut):
        advice = "its IN+ and IN- are swapped, or the DUT feeds the supply"
        return Finding(check=_NAME, subject=name, measured=told, grade=Grade.FAIL, advice=advice)
    if any(seen.outcome(channel) is Outcome.BLIND and channel.dut == dut for channel in seen.channels):
        told += "; while the supply was cut it gave none that can be believed"
        return Finding(check=_NAME, subject=name, measured=told, grade=Grade.FAIL, advice=_ADVICE[Flag.NACK])
    return Finding(check=_NAME, subject=name, measured=told, grade=Grade.OK)
