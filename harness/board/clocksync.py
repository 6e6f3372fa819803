"""
The board's clock on the bench clock: every board tick becomes an interval that surely holds its instant.

An exchange says: the board's counter showed `ticks_us` at some time between `sent_ns` and `received_ns`. Seen over
board time, the send times are a lower envelope of the truth and the receive times an upper one; the best of either may
come from different exchanges. Two clocks differ in rate by at most `ppm_limit`, so each exchange bounds a tick at any
distance, the looser the further: the tightest of all these bounds is hard. No symmetry of the delays is assumed. What
even `ppm_limit` does not explain (a daemon that turns the kernel's tick, a counter that jumps) is told, and not used.

Within the bounds the estimate is the middle of the gap between the two envelopes, fitted with the skew that opens the
gap widest. Pure: it reads no clock.
"""

from __future__ import annotations

import bisect
from collections import deque
from typing import NamedTuple

from .failures import ClockContradicted, ClockUnknown

# Two crystals of ±50 ppm each, as data sheets promise over temperature and age, and the 500 ppm by which the kernel may
# slew CLOCK_MONOTONIC to follow a time server (adjtimex(2), MAXFREQ).
PPM_LIMIT = 600.0
COUNTER_WRAP_US = 1 << 30
# The exchanges that the estimate looks back to, and how many it keeps even if no line goes between them.
_WINDOW, _FEWEST = 256, 4
_KEPT = 4096


class Span(NamedTuple):
    """
    An instant on CLOCK_MONOTONIC, in ns: not before the one, not after the other.
    """

    earliest_ns: int
    latest_ns: int

    @property
    def half_width_ns(self) -> int:
        """
        The bound: half of the gap plus what the rates may have added since.
        """
        return (self.latest_ns - self.earliest_ns + 1) // 2


class _Epoch:
    """
    One start of the board. Ticks are kept relative to its first exchange, so that floats stay exact.
    """

    def __init__(self, boot_id: int, sent_ns: int, ticks_us: int, rate_limit: float) -> None:
        self.boot_id = boot_id
        self._zero_ns, self._zero_us = sent_ns, ticks_us
        self._slow, self._fast = 1000.0 / (1 + rate_limit), 1000.0 / (1 - rate_limit)
        self._ticks: list[int] = []
        self._sent: list[int] = []
        self._received: list[int] = []
        # The best bound that any exchange up to the i-th gives for later ticks ...
        self._low_before: list[float] = []
        self._high_before: list[float] = []
        # ... and that any from the i-th on gives for earlier ones; worked out when asked for.
        self._low_after: list[float] = []
        self._high_after: list[float] = []
        self._recent: deque[tuple[int, int, int]] = deque(maxlen=_WINDOW)
        self._fit: tuple[float, float] | None = None

    def add(self, sent_ns: int, ticks_us: int, received_ns: int) -> None:
        x, low, high = ticks_us - self._zero_us, sent_ns - self._zero_ns, received_ns - self._zero_ns
        self._recent.append((x, low, high))
        self._fit = None
        self._low_after.clear()
        before_low, before_high = low - self._slow * (x + 1), high - self._fast * (x - 1)
        if self._ticks:
            before_low = max(before_low, self._low_before[-1])
            before_high = min(before_high, self._high_before[-1])
        self._ticks.append(x)
        self._sent.append(low)
        self._received.append(high)
        self._low_before.append(before_low)
        self._high_before.append(before_high)
        if len(self._ticks) > _KEPT:
            # What the oldest bound for later ticks lives on in the best so far.
            columns: tuple[list[int] | list[float], ...] = (self._ticks, self._sent, self._received)
            for column in (*columns, self._low_before, self._high_before):
                del column[: _KEPT // 2]

    def last_ticks_us(self) -> int:
        return self._ticks[-1] + self._zero_us

    def span(self, ticks_us: int) -> Span:
        x = ticks_us - self._zero_us
        lows, highs = [], []
        at = bisect.bisect_right(self._ticks, x)
        if at:
            lows.append(self._low_before[at - 1] + self._slow * x)
            highs.append(self._high_before[at - 1] + self._fast * x)
        if at < len(self._ticks):
            if not self._low_after:
                self._look_back()
            lows.append(self._low_after[at] + self._fast * x)
            highs.append(self._high_after[at] + self._slow * x)
        # Rounded outward, by one more for the floats.
        return Span(self._zero_ns + int(max(lows)) - 2, self._zero_ns + int(min(highs)) + 2)

    def estimate_ns(self, ticks_us: int) -> int:
        slope, offset = self._line()
        span = self.span(ticks_us)
        value = self._zero_ns + round(offset + slope * (ticks_us - self._zero_us + 0.5))
        return min(max(value, span.earliest_ns), span.latest_ns)

    def skew_ppm(self) -> float:
        return (1000.0 / self._line()[0] - 1) * 1e6

    def _look_back(self) -> None:
        low, high = float("-inf"), float("inf")
        lows, highs = [], []
        for x, sent, received in zip(
            reversed(self._ticks), reversed(self._sent), reversed(self._received), strict=True
        ):
            low = max(low, sent - self._fast * (x + 1))
            high = min(high, received - self._slow * (x - 1))
            lows.append(low)
            highs.append(high)
        self._low_after, self._high_after = lows[::-1], highs[::-1]

    def _line(self) -> tuple[float, float]:
        """
        Slope and offset in the middle of the envelopes of the latest exchanges; of as many as one line goes between,
        since before them a host's clock was slewed otherwise.
        """
        if self._fit is None:
            window = list(self._recent)
            while True:
                slope = self._widest(window)
                gap, offset = _gap(window, slope)
                if gap >= 0 or len(window) <= _FEWEST:
                    break
                window = window[len(window) // 2 :]
            self._fit = (slope, offset)
        return self._fit

    def _widest(self, window: list[tuple[int, int, int]]) -> float:
        # The gap is concave in the slope: ternary search.
        slow, fast = self._slow, self._fast
        for _ in range(48):
            third = (fast - slow) / 3
            if _gap(window, slow + third)[0] < _gap(window, fast - third)[0]:
                slow += third
            else:
                fast -= third
        return (slow + fast) / 2


def _gap(window: list[tuple[int, int, int]], slope: float) -> tuple[float, float]:
    """
    How far the envelopes are apart at that slope, and their middle.
    """
    low = max(sent - slope * x for x, sent, _ in window)
    high = min(received - slope * x for x, _, received in window)
    return high - low, (high + low) / 2


class ClockSync:
    """
    Collects exchanges and maps board ticks, also those of earlier starts of the board. Not for several threads.

    Attributes:
        reboots: starts of the board seen after the first, by boot id.
        wraps: times a 30-bit counter was found to have wrapped, for firmware that does not widen its ticks.
    """

    def __init__(self, *, ppm_limit: float = PPM_LIMIT, epochs_max: int = 8) -> None:
        self._rate_limit = ppm_limit * 1e-6
        self._epochs: deque[_Epoch] = deque(maxlen=epochs_max)
        self._wrapped_us = 0
        self.reboots = 0
        self.wraps = 0

    def add(self, *, sent_ns: int, ticks_us: int, received_ns: int, boot_id: int) -> None:
        """
        Takes one exchange; exchanges come in order of time.

        Raises:
            ValueError: it was received before it was sent.
            ClockContradicted: the same start of the board shows ticks that no rate within the limit explains.
        """
        if received_ns < sent_ns:
            raise ValueError(f"an exchange received {sent_ns - received_ns} ns before it was sent")
        epoch = self._epochs[-1] if self._epochs else None
        if epoch is not None and epoch.boot_id == boot_id:
            ticks_us += self._wrapped_us
            wraps = self._wraps_between(epoch, sent_ns, ticks_us, received_ns)
            if wraps is None:
                off_us = round((epoch.estimate_ns(ticks_us) - (sent_ns + received_ns) // 2) / 1000)
                raise ClockContradicted(
                    f"its clock contradicts ours by {off_us} us, which no drift explains: its stamps cannot be believed"
                )
            self.wraps += wraps
            self._wrapped_us += wraps * COUNTER_WRAP_US
            epoch.add(sent_ns, ticks_us + wraps * COUNTER_WRAP_US, received_ns)
            return
        if epoch is not None:
            self.reboots += 1
        self._wrapped_us = 0
        self._epochs.append(_Epoch(boot_id, sent_ns, ticks_us, self._rate_limit))
        self._epochs[-1].add(sent_ns, ticks_us, received_ns)

    def span(self, ticks_us: int, boot_id: int | None = None) -> Span:
        """
        The instant at which the board's counter showed `ticks_us` (the whole microsecond), as a hard interval.

        Raises:
            ClockUnknown: there was no exchange with that start of the board (None: the latest one).
        """
        return self._epoch(boot_id).span(ticks_us)

    def estimate_ns(self, ticks_us: int, boot_id: int | None = None) -> int:
        """
        The likeliest instant, within its span. Raises as `span` does.
        """
        return self._epoch(boot_id).estimate_ns(ticks_us)

    def skew_ppm(self, boot_id: int | None = None) -> float:
        """
        By how much the board's clock runs too fast, as fitted. Raises as `span` does.
        """
        return self._epoch(boot_id).skew_ppm()

    def _epoch(self, boot_id: int | None) -> _Epoch:
        for epoch in reversed(self._epochs):
            if boot_id is None or epoch.boot_id == boot_id:
                return epoch
        raise ClockUnknown("no clock exchange with this start of the board was seen")

    def _wraps_between(self, epoch: _Epoch, sent_ns: int, ticks_us: int, received_ns: int) -> int | None:
        """
        How many wraps bring the ticks to where they must be by the rates' limit; None if none does.
        """
        if _agrees(epoch.span(ticks_us), sent_ns, received_ns) and ticks_us >= epoch.last_ticks_us():
            return 0
        if ticks_us - self._wrapped_us >= COUNTER_WRAP_US:
            return None
        middle_ns = (sent_ns + received_ns) // 2
        missing_us = (middle_ns - epoch.estimate_ns(ticks_us)) / 1000
        wraps = round(missing_us / COUNTER_WRAP_US)
        if wraps > 0 and _agrees(epoch.span(ticks_us + wraps * COUNTER_WRAP_US), sent_ns, received_ns):
            return wraps
        return None


def _agrees(span: Span, sent_ns: int, received_ns: int) -> bool:
    return span.earliest_ns <= received_ns and sent_ns <= span.latest_ns
