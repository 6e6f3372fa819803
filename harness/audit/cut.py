"""
One interruption of a supply as it was commanded, and what the rails' meters read around it.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..model.instant import Instant
from ..model.reading import Flag, Reading

# Enough readings for a median, few enough to be of one moment.
_SOME = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """
    `off` and `on` are the instants of the two commands; `readings` are those of each DUT's meter, from before the
    first one until the rails were fed again.
    """

    off: Instant
    on: Instant
    readings: Mapping[str, Sequence[Reading]]

    def dark(self, dut: str, last_ratio: float = 1.0) -> list[Reading]:
        """
        The readings between the two commands, or of the last part of that time.
        """
        from_ns = self.on.earliest_ns - last_ratio * (self.on.earliest_ns - self.off.latest_ns)
        inside = (from_ns, self.on.earliest_ns)
        return [r for r in self.readings.get(dut, ()) if inside[0] <= r.at.earliest_ns and r.at.latest_ns <= inside[1]]

    def is_seen(self, dut: str, gap_ns: int, after_ns: int) -> bool:
        """
        Whether the meter was read all the way from the command to `after_ns` past the end, without a gap of `gap_ns`.
        """
        seen_ns, until_ns = self.off.earliest_ns, self.on.latest_ns + after_ns
        for reading in self.readings.get(dut, ()):
            if reading.is_ok and reading.at.earliest_ns <= seen_ns + gap_ns:
                seen_ns = max(seen_ns, reading.at.latest_ns)
        return seen_ns >= until_ns

    def rest(self, dut: str) -> Level | None:
        """
        What the rail measured before; of its currents before and after the lesser, since a DUT may draw more while it
        boots. None when nothing could be read.
        """
        readings = self.readings.get(dut, ())
        before = Level.of([r for r in readings if r.at.latest_ns <= self.off.earliest_ns][-_SOME:])
        after = Level.of([r for r in readings if r.at.earliest_ns >= self.on.latest_ns][-_SOME:])
        if before is None or after is None or after.current_a <= 0:
            return before
        return Level(before.bus_v, min(before.current_a, after.current_a))

    def flags_after(self, dut: str) -> set[Flag]:
        """
        The flags of the readings after the supply was commanded on.
        """
        return {r.flag for r in self.readings.get(dut, ()) if r.at.earliest_ns >= self.on.latest_ns}


@dataclass(frozen=True, slots=True)
class Level:
    """
    What a rail measures at the middle of some readings: volts and amperes.
    """

    bus_v: float
    current_a: float

    @classmethod
    def of(cls, readings: Sequence[Reading]) -> Level | None:
        """
        The medians of those that can be believed; None when none can.
        """
        volts = [r.bus_v for r in readings if r.bus_v is not None]
        amperes = [r.current_a for r in readings if r.current_a is not None]
        return cls(statistics.median(volts), statistics.median(amperes)) if volts and amperes else None

    def __str__(self) -> str:
        """
        As a person is told of it.
        """
        return f"{self.bus_v:.2f} V, {self.current_a * 1000:.0f} mA"
