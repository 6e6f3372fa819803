"""
A tap on one meter: each of its conversions, once, as soon as it is there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from ..clock import NS_PER_S, now_ns, source
from ..errors import DeviceError
from ..model.rate import Rate
from ..model.trace import Code, Sample, Scale
from ._feed import Feed, Wake
from ._pace import Pace
from ._recent import Recent
from ._rows import Rows

# A chip that converts has a new conversion within one period of the last one's being read.
_STALE_PERIODS = 3

# A look at a member of an enumeration costs more than a look at the sample.
_OK, _OVERFLOW, _RESET = Code.OK, Code.OVERFLOW, Code.RESET

Said = Callable[[str], None]


@runtime_checkable
class Polled(Protocol):
    """
    A meter that can be polled for its conversions; see `Monitor`.
    """

    name: str
    bus_number: int
    period_s: float
    typical_s: float
    scale: Scale
    clocks: int
    """How many clocks of its bus a conversion takes."""
    feed: Feed | None
    seq: int
    """The number of the conversion that was read last."""

    def poll(self) -> Sample | None:
        """
        The conversion that was not read yet, or None. Raises OSError, DeviceError.
        """


class Tap:
    """
    Polls one meter, hands on what it says, and watches its current.

    `alarm` is told of a current above `trip_a` (amperes), or beyond what the meter can measure, as soon as it is seen;
    `note` of a chip that was reset. Both are called in the sampler's thread.
    """

    def __init__(self, meter: Polled, wake: Wake, alarm: Said, note: Said, trip_a: float | None = None) -> None:
        began_ns, period_ns = now_ns(), round(meter.period_s * NS_PER_S)
        self._now_ns = source()
        self.meter = meter
        self.ok_ns = began_ns
        """When the last good reading was complete, or the sampling began (nanoseconds)."""
        self.trouble = ""
        """What came instead of a good reading since the last one; empty when nothing came."""
        self.silence: tuple[int, str] = (0, "")
        """The longest time between two good readings so far (nanoseconds), and what came instead."""
        self.recent = Recent(meter.scale)
        self.feed = Feed(wake)
        self.pace = Pace(period_ns, began_ns)
        self._rows = Rows(period_ns, began_ns)
        self._alarm, self._note = alarm, note
        self._trip_a = trip_a
        self._trip_steps = None if trip_a is None else trip_a / meter.scale.current_lsb_a
        self._stale_ns = _STALE_PERIODS * period_ns
        self._began_ns = self._came_ns = began_ns
        self._conversions = self._failures = 0
        self._is_reset = False

    def begin(self) -> None:
        """
        Counts from now on: what came before was nobody's to read.
        """
        self._began_ns = self._came_ns = self.ok_ns = self.pace.due_ns = now_ns()
        self._rows = Rows(round(self.meter.period_s * NS_PER_S), self._began_ns)
        self.meter.seq = 0

    def look(self) -> None:
        """
        Asks the meter for its next conversion. Blocks for as long as its bus takes.
        """
        looked_ns = self._now_ns()
        try:
            sample = self.meter.poll()
        except (OSError, DeviceError):
            self._failed(Sample(0, looked_ns, now_ns(), 0, 0, Code.NACK))
            return
        if sample is not None and sample.code != _RESET:
            self.pace.found(looked_ns)
            self._take(sample)
        elif sample is not None:
            if not self._is_reset:
                self._is_reset = True
                self._note(f"{self.meter.name}: was reset: nothing it says is believed until it is set up anew")
            self._failed(sample)
        elif looked_ns - self._came_ns > self._stale_ns:
            self._failed(Sample(0, self._came_ns, looked_ns, 0, 0, Code.STALE))
        else:
            self.pace.absent(looked_ns)

    def close(self) -> None:
        """
        Tells of what was missing when the sampling ended.
        """
        self.recent.add(self._rows.close(now_ns()))

    def rate(self) -> Rate:
        """
        How well it went so far.
        """
        watched_s = (now_ns() - self._began_ns) / NS_PER_S
        return Rate(
            meter=self.meter.name,
            asked_hz=1 / self.meter.typical_s,
            reached_hz=self._conversions / watched_s if watched_s else 0.0,
            conversions=self._conversions,
            missed=self._rows.missed,
            failures=self._failures,
        )

    def _take(self, sample: Sample) -> None:
        self.feed.put(sample)
        rows = self._rows.conversion(sample)
        if rows[-1] is not sample:
            self.meter.seq = self._rows.seq  # its next one has the right number from the start
        self.recent.add(rows)
        self._conversions += 1
        self._came_ns = latest_ns = sample.latest_ns
        code = sample.code
        if code == _OK:
            if latest_ns - self.ok_ns > self.silence[0]:
                self.silence = (latest_ns - self.ok_ns, self.trouble)
            self.ok_ns, self.trouble, self._is_reset = latest_ns, "", False
        else:
            self.trouble = Code(code).name.lower()
        if self._trip_steps is not None and (abs(sample.current) > self._trip_steps or code == _OVERFLOW):
            self._trip(sample)

    def _failed(self, sample: Sample) -> None:
        why = Code(sample.code)
        self.trouble = why.name.lower()
        self._failures += 1
        self.pace.failed(sample.latest_ns)
        self.feed.put(sample)
        self.recent.add(self._rows.trouble(why, sample.latest_ns))

    def _trip(self, sample: Sample) -> None:
        assert self._trip_a is not None
        self._trip_steps = None  # once is enough
        seen = f"{sample.current * self.meter.scale.current_lsb_a:.5g} A"
        if sample.code == Code.OVERFLOW:
            seen = "more than it can measure"
        self._alarm(f"{self.meter.name}: tripped: {seen}, and {self._trip_a:g} A are allowed")
