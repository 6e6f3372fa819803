"""
A trace in memory: a rail that is cut and comes back, as a meter would have sampled it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.model.instant import Instant
from harness.model.trace import Code, Overview, Sample, Samples, Scale

MS = 1_000_000
SCALE = Scale(bus_lsb_v=0.00125, current_lsb_a=0.00005)
PERIOD_NS = 2_200_000


@dataclass
class PlayedTrace:
    """
    A trace whose samples are all in memory; its overview is made on demand.
    """

    kept: Samples
    meter: str = "monitor"
    dut: str = "edge"
    told: str = "455 samples a second asked for, 455 reached; 40 of 12 000 conversions missing"

    @property
    def span(self) -> Instant:
        return Instant(self.kept.earliest_ns[0], self.kept.latest_ns[-1])

    def samples(self, from_ns: int, to_ns: int) -> Samples:
        return self.kept.window(from_ns, to_ns)

    def overview(self, from_ns: int, to_ns: int, points: int) -> Overview:
        seen = self.kept.window(from_ns, to_ns)
        size = max(1, math.ceil(len(seen) / points))
        return Overview(*zip(*(_bucket(seen, at, size) for at in range(0, len(seen), size)), strict=True))


def _bucket(seen: Samples, at: int, size: int) -> tuple[float, ...]:
    rows = range(at, min(at + size, len(seen)))
    good = [row for row in rows if seen.code[row] == Code.OK]
    volts, amperes = ([column[row] for row in good] for column in (seen.bus_v, seen.current_a))
    return (
        seen.earliest_ns[rows[0]],
        seen.latest_ns[rows[-1]],
        *(_of(volts)),
        *(_of(amperes)),
        sum(round((seen.latest_ns[row] - seen.earliest_ns[row]) / PERIOD_NS) for row in rows if row not in good),
    )


def _of(values: list[float]) -> tuple[float, float, float]:
    return (min(values), sum(values) / len(values), max(values)) if values else (math.nan,) * 3


def power_outage(start_ns: int, *, cut_ms: float = 8, back_ms: float = 10_014, until_ms: float = 15_500) -> PlayedTrace:
    """
    Five volts, cut `cut_ms` after `start_ns` and back `back_ms` after it, with a gap of 90 ms on the way.
    """
    samples = Samples()
    at_ns, seq = start_ns - 1_300 * MS, 0
    while at_ns < start_ns + until_ms * MS:
        at_ms = (at_ns - start_ns) / MS
        if 4_000 <= at_ms < 4_090:
            samples.add([Sample(seq, at_ns, at_ns + 90 * MS, 0, 0, Code.GAP, 41)], SCALE)
            at_ns, seq = at_ns + 90 * MS, seq + 41
            continue
        volts, amperes = _rail(at_ms, cut_ms, back_ms, seq)
        codes = round(volts / SCALE.bus_lsb_v), round(amperes / SCALE.current_lsb_a)
        samples.add([Sample(seq, at_ns, at_ns + PERIOD_NS, *codes)], SCALE)
        at_ns, seq = at_ns + PERIOD_NS, seq + 1
    return PlayedTrace(samples)


def _rail(at_ms: float, cut_ms: float, back_ms: float, seq: int) -> tuple[float, float]:
    noise = math.sin(seq * 12.9898) * 0.006
    if at_ms < cut_ms:
        return 5.02 + noise, 0.31 + 4 * noise + 0.03 * math.sin(at_ms / 40)
    if at_ms < back_ms:
        volts = 5.02 * math.exp(-(at_ms - cut_ms) / 55)
        return max(volts, 0.02), 0.31 * math.exp(-(at_ms - cut_ms) / 12) + abs(noise) / 20
    since_ms = at_ms - back_ms
    inrush = 1.1 * math.exp(-since_ms / 9)
    boot = 0.18 if since_ms < 700 else 0.42 if since_ms < 2_600 else 0.31
    return 4.99 + noise - 0.25 * math.exp(-since_ms / 6), boot + inrush + 5 * noise
