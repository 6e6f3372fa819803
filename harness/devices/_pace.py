"""
When to look for a meter's next conversion.
"""

from __future__ import annotations

# How finely a conversion's end is found, and so how much wider than the conversion a sample's interval is.
_STEPS_PER_PERIOD = 16

# A period is the slowest of a chip whose clock is off by ±10 % (INA226 datasheet, 6.5); this is the fastest.
_FASTEST = 0.9 / 1.1

# The pace is raised by little and lowered by more: to come too late costs the sharpness of a sample's interval.
_RAISED_BY, _LOWERED_BY = 16, 4

# A chip that does not answer is asked again soon, then less and less often, for the sake of the others on its bus.
_SELDOM_NS = 10_000_000


class Pace:
    """
    Looks once just before a conversion can be there, and then at every step until it is.

    The chip's clock is not ours, and not well known: how long to wait is learned from how often it was looked in vain.
    """

    def __init__(self, period_ns: int, now_ns: int) -> None:
        self.due_ns = now_ns
        """When to look next (nanoseconds)."""
        self._step_ns = max(1, period_ns // _STEPS_PER_PERIOD)
        self._lowered_by_ns = self._step_ns // _LOWERED_BY
        self._fastest_ns, self._slowest_ns = round(period_ns * _FASTEST), period_ns
        self._wait_ns = self._fastest_ns
        self._seldom_ns = max(period_ns, _SELDOM_NS)
        self._pause_ns = self._step_ns
        self._absent_ns = now_ns
        self._in_vain = 0
        self._is_lost = True

    def found(self, looked_ns: int) -> None:
        """
        A conversion was there at that moment.
        """
        if self._in_vain:
            late_ns = 0 if self._is_lost else (self._in_vain - 1) * self._step_ns // _RAISED_BY
            self._wait_ns = min(self._slowest_ns, self._wait_ns + late_ns)
        else:
            # It may have been there for a while. A look that came late says nothing of the chip: count from when it was
            # due, or every delay would be added to the next.
            self._absent_ns = (looked_ns if looked_ns < self.due_ns else self.due_ns) - self._step_ns
            lowered_ns = self._wait_ns - self._lowered_by_ns
            self._wait_ns = lowered_ns if lowered_ns > self._fastest_ns else self._fastest_ns
        self.due_ns = self._absent_ns + self._wait_ns
        self._in_vain, self._is_lost, self._pause_ns = 0, False, self._step_ns

    def absent(self, looked_ns: int) -> None:
        """
        None was there yet.
        """
        self._absent_ns = looked_ns
        self._in_vain += 1
        self.due_ns = looked_ns + self._step_ns

    def failed(self, looked_ns: int) -> None:
        """
        The chip did not answer, or made no conversions: nothing is known of when the next one comes.
        """
        self.due_ns = looked_ns + self._pause_ns
        self._pause_ns = min(self._seldom_ns, 2 * self._pause_ns)
        self._in_vain, self._is_lost = 0, True
