"""
The energy that a DUT took between two moments, from the averages of its rail's voltage and current.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ..model.instant import NS_PER_S, Instant
from ..model.quantity import Quantity
from ..model.trace import Code, Samples, Scale
from .inrush import unseen_inrush_as

# How many rows before and after a moment may tell of it. A meter that converts voltage and current in turn sees each
# half of the time, at moments that are known to within two conversions; a current that lasts for four conversions has
# a sample to itself among these.
_REACH = 4

# Rows are taken together, 128 or less of them, until the power in them differs by 2 % or they are 4.
_LONGEST, _SHORTEST, _FLAT = 128, 4, 0.02


@dataclass(frozen=True, slots=True)
class Ceilings:
    """
    The most that can flow, in amperes: in an inrush (`surge_a`), and else where nothing was seen (`draw_a`: what the
    meter was set up to measure, which is more than the DUT ever draws). None is not known.
    """

    surge_a: float | None = None
    draw_a: float | None = None


def energy(samples: Samples, start: Instant, end: Instant, *, lsb: Scale, ceilings: Ceilings) -> Quantity | None:
    """
    The integral of voltage and current from the rail's rise to a later moment, in joules; None when the samples do not
    span it.

    At every moment the DUT drew no less than the lowest and no more than the highest of the samples around it. Around a
    gap or a flagged row it drew between nothing and the ceiling. Just after the rise an inrush may have come and gone
    unseen, which decays exponentially. Without a ceiling where one is needed there is no upper bound.
    """
    rows = _around(samples, start, end)
    first = None if rows is None else _first_after(rows, start.latest_ns)
    if rows is None or first is None:
        return None
    # Where the meter was driven beyond its range, that is no ceiling either.
    unseen_a = ceilings.surge_a if Code.OVERFLOW in rows.code[first:] else ceilings.draw_a
    unseen_w = None if unseen_a is None else unseen_a * (max(rows.bus_v) + lsb.bus_lsb_v)
    cells = list(_cells(rows, lsb, unseen_w))
    seen_ns = rows.latest_ns[first]
    low_j = sum(cell.low_w * cell.overlap_s(max(start.latest_ns, seen_ns), end.earliest_ns) for cell in cells)
    load_w = _cell(rows, first, first + 1, lsb, unseen_w).high_w
    surge_j = _surge_j(rows, first, start, load_w, lsb, ceilings.surge_a)
    after = [(cell.high_w, in_s) for cell in cells if (in_s := cell.overlap_s(seen_ns, end.latest_ns)) > 0]
    if surge_j is None or any(high_w is None for high_w, _ in after):
        return Quantity(low_j, None, "J")
    return Quantity(low_j, surge_j + sum(high_w * in_s for high_w, in_s in after if high_w is not None), "J")


class _Cell(NamedTuple):
    """
    From one row's beginning to that of another, and the power in it; without an upper bound nobody knows it.
    """

    start_ns: int
    end_ns: int
    low_w: float
    high_w: float | None

    def overlap_s(self, from_ns: int, to_ns: int) -> float:
        """
        How much of it lies in a stretch, in seconds.
        """
        return max(0, min(self.end_ns, to_ns) - max(self.start_ns, from_ns)) / NS_PER_S


def _cells(rows: Samples, lsb: Scale, unseen_w: float | None) -> Iterator[_Cell]:
    """
    The stretch of all rows in cells: long ones where the power hardly changes, short ones elsewhere.
    """
    starts = range(0, len(rows), _LONGEST)
    pending = [(start, min(start + _LONGEST, len(rows))) for start in reversed(starts)]
    while pending:
        first, end = pending.pop()
        cell = _cell(rows, first, end, lsb, unseen_w)
        is_rough = cell.high_w is None or cell.high_w - cell.low_w > _FLAT * cell.high_w
        if is_rough and end - first > _SHORTEST:
            middle = (first + end) // 2
            pending += [(middle, end), (first, middle)]
        else:
            yield cell


def _cell(rows: Samples, first: int, end: int, lsb: Scale, unseen_w: float | None) -> _Cell:
    """
    The cell of the rows from `first` to before `end`; where not every row around is good, `unseen_w` may have flowed.
    """
    around = slice(max(0, first - _REACH), end + _REACH)
    volts, amperes = rows.bus_v[around], rows.current_a[around]
    high_w = (max(volts) + lsb.bus_lsb_v) * max(0.0, max(amperes) + lsb.current_lsb_a)
    start_ns, end_ns = rows.earliest_ns[first], rows.earliest_ns[end] if end < len(rows) else rows.latest_ns[-1]
    if first >= _REACH and end + _REACH <= len(rows) and not any(rows.code[around]):
        low_w = max(0.0, min(volts) - lsb.bus_lsb_v) * max(0.0, min(amperes) - lsb.current_lsb_a)
        return _Cell(start_ns, end_ns, low_w, high_w)
    return _Cell(start_ns, end_ns, 0.0, None if unseen_w is None else max(high_w, unseen_w))


def _surge_j(
    rows: Samples, first: int, start: Instant, load_w: float | None, lsb: Scale, surge_a: float | None
) -> float | None:
    """
    The most that was taken until the end of the first row that was wholly after the rise: the load, and an inrush.
    """
    if surge_a is None or load_w is None:
        return None
    unseen_s = (rows.latest_ns[first] - start.earliest_ns) / NS_PER_S
    seen_a = rows.current_a[first] + lsb.current_lsb_a
    return load_w * unseen_s + (max(rows.bus_v) + lsb.bus_lsb_v) * unseen_inrush_as(unseen_s, seen_a, surge_a)


def _around(samples: Samples, start: Instant, end: Instant) -> Samples | None:
    """
    The rows between two moments and those that tell of them; None when they do not reach from one to the other.
    """
    first = bisect_left(samples.latest_ns, start.earliest_ns)
    last = bisect_right(samples.earliest_ns, end.latest_ns)
    if first >= last or samples.earliest_ns[0] > start.earliest_ns or samples.latest_ns[-1] < end.latest_ns:
        return None
    return samples.rows(first - _REACH, last + _REACH)


def _first_after(rows: Samples, at_ns: int) -> int | None:
    """
    The first good row that begins after a moment.
    """
    after = range(bisect_left(rows.earliest_ns, at_ns), len(rows))
    return next((row for row in after if rows.code[row] == Code.OK), None)
