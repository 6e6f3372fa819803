"""
How far a rail fell while it was cut, and where it stood in the end.
"""

from __future__ import annotations

from ..model.instant import Instant
from ..model.quantity import Quantity
from ..model.trace import Code, Samples


def lowest(samples: Samples, *, lsb_v: float) -> Quantity | None:
    """
    The lowest voltage among samples: at most the lowest average, at least nothing. None without a good sample.
    """
    good = [bus_v for bus_v, code in zip(samples.bus_v, samples.code, strict=True) if code == Code.OK]
    return Quantity(0.0, max(0.0, min(good) + lsb_v), "V") if good else None


def level_when_off(samples: Samples, fall: Instant, back: Instant, *, lsb_v: float) -> Quantity | None:
    """
    The rail's voltage just before it came back at `back`, where it fell for good at `fall`: of a clean cut this is the
    lowest as well, and above 0.3 V it says that something else feeds the DUT. None when no sample lies in between.

    A supply that is off falls ever more slowly, whatever still drains it: from the last sample on it cannot fall faster
    than it did before. A DUT that is not off yet may, so that `fall` should be a fall below its brown-out level.
    """
    rows = [
        row
        for row, code in enumerate(samples.code)
        if code == Code.OK and samples.earliest_ns[row] >= fall.latest_ns and samples.latest_ns[row] <= back.earliest_ns
    ]
    if not rows:
        return None
    last = rows[-1]
    high_v = max(0.0, samples.bus_v[last] + lsb_v)
    falling = _steepest(samples, rows, lsb_v)
    if falling is None:
        return Quantity(0.0, high_v, "V")
    low_v = samples.bus_v[last] - lsb_v - falling * (back.latest_ns - samples.earliest_ns[last])
    return Quantity(min(high_v, max(0.0, low_v)), high_v, "V")


def _steepest(samples: Samples, rows: list[int], lsb_v: float) -> float | None:
    """
    How fast the rail fell towards the last row, at most, in volts per nanosecond; None when no row is apart from it.

    A row is an average, which the rail had at some moment of the row: two rows must not overlap, and the further they
    are apart, the less do their errors weigh. In a curve that flattens, any earlier slope is steeper than the last.
    """
    last = rows[-1]
    begins_ns = samples.earliest_ns[last]
    slopes = [
        (samples.bus_v[row] - samples.bus_v[last] + 2 * lsb_v) / (begins_ns - samples.latest_ns[row])
        for row in rows
        if samples.latest_ns[row] < begins_ns
    ]
    return max(0.0, min(slopes)) if slopes else None
