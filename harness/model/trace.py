"""
What a meter's samples look like: single ones as they are taken, and many of them in columns.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple, Protocol

from .instant import Instant
from .reading import Flag, Reading


class Code(IntEnum):
    """
    A sample's flag as one byte. `GAP` is a row of its own: conversions that nobody read, over the row's own interval.
    """

    OK = 0
    OVERFLOW = 1
    STALE = 2
    NACK = 3
    RESET = 4
    GAP = 5


_FLAGS = {Code[flag.name]: flag for flag in Flag}


class Sample(NamedTuple):
    """
    One conversion as a chip gave it: its number, the interval in which it was averaged (nanoseconds on the bench
    clock), the two registers as signed integers, a `Code`, and how many conversions are missing (for a gap).

    What a step of a register is worth is a property of the meter (`Scale`), and stored once per block of samples.
    """

    seq: int
    earliest_ns: int
    latest_ns: int
    bus: int
    current: int
    code: int = Code.OK
    missed: int = 0


@dataclass(frozen=True, slots=True)
class Scale:
    """
    What one step of a meter's two registers is worth: volts and amperes.
    """

    bus_lsb_v: float
    current_lsb_a: float


@dataclass(slots=True)
class Samples:
    """
    Samples of one meter in columns of equal length, in order of time; `bus_v` and `current_a` are 0 where `code` is
    not OK, and mean nothing there.
    """

    earliest_ns: array[int] = field(default_factory=lambda: array("q"))
    latest_ns: array[int] = field(default_factory=lambda: array("q"))
    bus_v: array[float] = field(default_factory=lambda: array("d"))
    current_a: array[float] = field(default_factory=lambda: array("d"))
    code: array[int] = field(default_factory=lambda: array("b"))

    def __len__(self) -> int:
        return len(self.code)

    def add(self, samples: Sequence[Sample], scale: Scale) -> None:
        """
        Appends samples, in volts and amperes.
        """
        if not samples:
            return
        _, earliest_ns, latest_ns, bus, current, code, _ = zip(*samples, strict=True)
        bus_lsb_v, current_lsb_a = scale.bus_lsb_v, scale.current_lsb_a
        # An array takes in another one at once, and anything else number by number.
        self.earliest_ns.extend(array("q", earliest_ns))
        self.latest_ns.extend(array("q", latest_ns))
        self.bus_v.extend(array("d", [steps * bus_lsb_v for steps in bus]))
        self.current_a.extend(array("d", [steps * current_lsb_a for steps in current]))
        self.code.extend(array("b", code))

    def window(self, from_ns: int, to_ns: int) -> Samples:
        """
        The samples that touch [from_ns, to_ns].
        """
        return self.rows(bisect_left(self.latest_ns, from_ns), bisect_right(self.earliest_ns, to_ns))

    def within(self, from_ns: int, to_ns: int) -> Samples:
        """
        The samples that lie wholly in [from_ns, to_ns].
        """
        return self.rows(bisect_left(self.earliest_ns, from_ns), bisect_right(self.latest_ns, to_ns))

    def rows(self, first: int, end: int) -> Samples:
        """
        The samples from the row `first` to before the row `end`.
        """
        cut = slice(max(0, first), max(0, first, end))
        return Samples(self.earliest_ns[cut], self.latest_ns[cut], self.bus_v[cut], self.current_a[cut], self.code[cut])

    def readings(self) -> Iterator[Reading]:
        """
        The samples one by one; a gap is told as stale.
        """
        columns = zip(self.earliest_ns, self.latest_ns, self.bus_v, self.current_a, self.code, strict=True)
        for earliest_ns, latest_ns, bus_v, current_a, code in columns:
            at = Instant(earliest_ns, latest_ns)
            if code == Code.OK:
                yield Reading(at, Flag.OK, bus_v, current_a)
            else:
                yield Reading(at, _FLAGS.get(Code(code), Flag.STALE))


class Overview(NamedTuple):
    """
    A stretch of a trace in at most so many buckets: where each begins and ends (nanoseconds), the least, mean and
    greatest voltage and current in it, and how many of its conversions are missing. A bucket without any good sample
    has NaN for numbers.
    """

    start_ns: Sequence[int]
    end_ns: Sequence[int]
    bus_v_min: Sequence[float]
    bus_v_mean: Sequence[float]
    bus_v_max: Sequence[float]
    current_a_min: Sequence[float]
    current_a_mean: Sequence[float]
    current_a_max: Sequence[float]
    missing: Sequence[int]


class Trace(Protocol):
    """
    The recorded trace of one meter, wherever it is kept.
    """

    meter: str
    dut: str
    """The DUT whose rail it watches; empty for none."""

    @property
    def span(self) -> Instant:
        """
        From the first sample's beginning to the last one's end.
        """

    @property
    def told(self) -> str:
        """
        One sentence on its quality: rate asked and reached, and what is missing.
        """

    def samples(self, from_ns: int, to_ns: int) -> Samples:
        """
        Every sample that touches a stretch.
        """

    def overview(self, from_ns: int, to_ns: int, points: int) -> Overview:
        """
        A stretch in at most `points` buckets, whatever its length.
        """
