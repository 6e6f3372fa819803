"""
What a trial's scrapes come to: increases of counters, the most within a minute, how long something was below a level.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..clock import NS_PER_S
from ..model.quantity import Quantity
from ._scrape import Labels, Scrape, Selector

_MINUTE_NS = 60 * NS_PER_S


class Counted:
    """
    How much some counters have grown since the first scrape, all together.

    A counter that shows less than before was set back to 0 by a restart, and so was every one when `restarted`; one
    that was not there before began at 0. What it counted between the last scrape and the restart is not known.
    """

    def __init__(self, *selectors: Selector) -> None:
        self._selectors = selectors
        self._last: dict[tuple[str, Labels], float] | None = None
        self.points: list[tuple[int, int, float]] = []
        """Each scrape's being asked for and coming (nanoseconds), with the growth until then."""

    @property
    def grown(self) -> float | None:
        """
        The growth so far; None when there is nothing to compare.
        """
        return self.points[-1][2] if len(self.points) > 1 else None

    def feed(self, scrape: Scrape, *, restarted: bool) -> None:
        """
        Takes the next scrape.
        """
        now = {(one.name, labels): v for one in self._selectors for labels, v in one.among(scrape.samples).items()}
        grown = self.points[-1][2] if self.points else 0.0
        if self._last is not None:
            before = {} if restarted else self._last
            grown += sum(
                value - before.get(key, 0.0) if value >= before.get(key, 0.0) else value for key, value in now.items()
            )
            # One that is missing may be back: it goes on where it was, unless it shows less.
            now = {**before, **now}
        self._last = now
        self.points.append((scrape.asked_ns, scrape.answered_ns, grown))


def most_per_minute(points: list[tuple[int, int, float]]) -> Quantity | None:
    """
    The greatest growth within any minute: at least what surely came within one, at most what can have.
    """
    if len(points) < 2:
        return None
    low = high = 0.0
    surely = perhaps = 0
    for end, (_, answered_ns, grown) in enumerate(points):
        # From the question of one scrape to the answer of another: all of it lies in between.
        while answered_ns - points[surely][0] > _MINUTE_NS:
            surely += 1
        low = max(low, grown - points[min(surely, end)][2])
        # A minute may end right after the scrape before this one, and begin right before the one after `perhaps`.
        before_ns = points[max(0, end - 1)][0]
        while perhaps + 1 < end and before_ns - points[perhaps + 1][1] > _MINUTE_NS:
            perhaps += 1
        high = max(high, grown - points[perhaps][2])
    return Quantity(low, high, "")


@dataclass(slots=True)
class _Below:
    """
    One series: its last scrape above the level, and the first and last below it since (nanoseconds).
    """

    good_asked_ns: int
    first_bad_ns: int | None = None
    last_bad_ns: int = 0


class LongestBelow:
    """
    The longest stretch for which a series was below a level, of all those that have once been at it.

    What fell and rose again between two scrapes is not seen: so the stretch can have been as long as the longest time
    between two.
    """

    def __init__(self, selector: Selector, level: float) -> None:
        self._selector, self._level = selector, level
        self._series: dict[Labels, _Below] = {}
        self._low_ns = self._high_ns = 0

    def feed(self, scrape: Scrape) -> None:
        """
        Takes the next scrape; a series that is missing from it is below any level.
        """
        values = self._selector.among(scrape.samples)
        for labels in {*values, *self._series}:
            if labels in values and values[labels] >= self._level:
                self._is_at_it(labels, scrape)
            elif labels in self._series:
                self._is_below(self._series[labels], scrape)

    def stretch(self) -> Quantity | None:
        """
        How long it was, in seconds; None when no series has ever been at the level.
        """
        if not self._series:
            return None
        open_ns = [_surely_ns(one) for one in self._series.values() if one.first_bad_ns is not None]
        low_s = max((self._low_ns, *open_ns)) / NS_PER_S
        return Quantity(low_s, None if open_ns else self._high_ns / NS_PER_S, "s")

    def _is_at_it(self, labels: Labels, scrape: Scrape) -> None:
        one = self._series.get(labels)
        if one is not None:
            self._high_ns = max(self._high_ns, scrape.answered_ns - one.good_asked_ns)
            self._low_ns = max(self._low_ns, _surely_ns(one))
        self._series[labels] = _Below(scrape.asked_ns)

    @staticmethod
    def _is_below(one: _Below, scrape: Scrape) -> None:
        if one.first_bad_ns is None:
            one.first_bad_ns = scrape.answered_ns
        one.last_bad_ns = scrape.asked_ns


def _surely_ns(one: _Below) -> int:
    return 0 if one.first_bad_ns is None else max(0, one.last_bad_ns - one.first_bad_ns)


def total(values: Mapping[Labels, float] | Iterable[float]) -> float | None:
    """
    The sum of some values; None when there are none.
    """
    numbers = list(values.values() if isinstance(values, Mapping) else values)
    return sum(numbers) if numbers else None
