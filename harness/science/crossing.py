"""
When a sampled quantity crossed a threshold, as an instant that holds the truth.
"""

from __future__ import annotations

from ..model.instant import Instant


class Crossing:
    """
    Finds the moment from which a quantity stays on the far side of a threshold.

    Every sample is an average over its own instant, so that the quantity was on the sample's side at some moment of
    it. A crossing therefore lies between the beginning of the last sample on the near side and the end of the first on
    the far side. A contact that chatters for at most `chatter_ns` may cross again unseen: it moves for good within
    `chatter_ns` of its first opening, and a rail that could fall during the chatter falls again as fast, hence twice
    that on the late end.
    """

    def __init__(self, threshold: float, *, rising: bool, chatter_ns: int = 0) -> None:
        self.threshold, self.rising, self.chatter_ns = threshold, rising, chatter_ns
        self._near: Instant | None = None
        self.found: Instant | None = None

    def feed(self, value: float, at: Instant) -> Instant | None:
        """
        Takes the next sample; returns the crossing once it has been seen. A sample back on the near side unsees it.
        """
        is_far = value > self.threshold if self.rising else value < self.threshold
        if not is_far:
            self._near, self.found = at, None
        elif self.found is None and self._near is not None:
            latest = max(at.latest_ns, self._near.earliest_ns) + 2 * self.chatter_ns
            self.found = Instant(self._near.earliest_ns, latest)
        return self.found

    @property
    def has_near(self) -> bool:
        """
        Whether the near side was ever seen: without it there is no crossing to find.
        """
        return self._near is not None
