"""
What a window shows of a trace: sample by sample where there are few, in buckets where there are many.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..model.trace import Code, Overview, Samples, Trace
from .trial_view import Window

# About one bucket for each pixel of a wide page.
_POINTS = 900
# How many buckets with a gap are looked into, and how many samples one may have for that.
_MOST_LOOKS, _FEW = 40, 256

Three = tuple[float, float, float]


@dataclass(slots=True)
class Series:
    """
    One quantity over time, in stretches: where each begins and ends (nanoseconds), and its least, mean and greatest
    value there, NaN where there is none.
    """

    start_ns: list[int] = field(default_factory=list)
    end_ns: list[int] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    mean: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)

    def add(self, start_ns: int, end_ns: int, low: float, mean: float, high: float) -> None:
        """
        The next stretch.
        """
        self.start_ns.append(start_ns)
        self.end_ns.append(end_ns)
        self.low.append(low)
        self.mean.append(mean)
        self.high.append(high)

    def runs(self) -> Iterator[range]:
        """
        The stretches that follow each other with a value, from gap to gap.
        """
        start = 0
        for index, value in enumerate([*self.mean, math.nan]):
            if math.isnan(value):
                if index > start:
                    yield range(start, index)
                start = index + 1


@dataclass(slots=True)
class Rail:
    """
    What a window shows of one trace: volts, amperes, and the stretches without a good sample.

    `is_close` says that each stretch is a single sample, over the interval in which it was averaged.
    """

    volts: Series = field(default_factory=Series)
    amperes: Series = field(default_factory=Series)
    gaps: list[tuple[int, int]] = field(default_factory=list)
    is_close: bool = False

    def add_samples(self, samples: Samples) -> None:
        """
        Sample by sample.
        """
        columns = (samples.earliest_ns, samples.latest_ns, samples.bus_v, samples.current_a, samples.code)
        for start_ns, end_ns, volts, amperes, code in zip(*columns, strict=True):
            self._add(start_ns, end_ns, (volts,) * 3, (amperes,) * 3, is_gap=code != Code.OK)

    def add_bucket(self, seen: Overview, index: int) -> None:
        """
        Many samples at once.
        """
        volts = seen.bus_v_min[index], seen.bus_v_mean[index], seen.bus_v_max[index]
        amperes = seen.current_a_min[index], seen.current_a_mean[index], seen.current_a_max[index]
        self._add(seen.start_ns[index], seen.end_ns[index], volts, amperes, is_gap=bool(seen.missing[index]))

    def _add(self, start_ns: int, end_ns: int, volts: Three, amperes: Three, *, is_gap: bool) -> None:
        if is_gap and self.gaps and start_ns <= self.gaps[-1][1]:
            self.gaps[-1] = self.gaps[-1][0], end_ns
        elif is_gap:
            self.gaps.append((start_ns, end_ns))
        nothing = (math.nan,) * 3
        self.volts.add(start_ns, end_ns, *(nothing if is_gap else volts))
        self.amperes.add(start_ns, end_ns, *(nothing if is_gap else amperes))


def rail_of(trace: Trace, window: Window) -> Rail:
    """
    What a window shows of a trace.
    """
    rail = Rail()
    overview = trace.overview(window.from_ns, window.to_ns, _POINTS)
    if window.unit == "ms" and len(overview.start_ns) < _POINTS // 2:
        rail.is_close = True
        rail.add_samples(trace.samples(window.from_ns, window.to_ns))
        return rail
    looks_left = _MOST_LOOKS
    for index, missing in enumerate(overview.missing):
        if missing and looks_left:
            # Where in it are they missing?
            looks_left -= 1
            samples = _inside(trace, overview.start_ns[index], overview.end_ns[index])
            if len(samples) <= _FEW:
                rail.add_samples(samples)
                continue
        rail.add_bucket(overview, index)
    return rail


def _inside(trace: Trace, from_ns: int, to_ns: int) -> Samples:
    # Those that only touch it belong to its neighbours.
    return trace.samples(from_ns + 1, to_ns - 1)
