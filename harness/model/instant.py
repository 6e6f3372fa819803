"""
When something happened, and how long it took: never a point, always an interval that holds the truth.
"""

from __future__ import annotations

from dataclasses import dataclass

NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Instant:
    """
    A moment on the bench clock, known to lie in [earliest_ns, latest_ns] (nanoseconds).

    Raises ValueError when the ends are in the wrong order.
    """

    earliest_ns: int
    latest_ns: int

    def __post_init__(self) -> None:
        if self.earliest_ns > self.latest_ns:
            raise ValueError(f"an instant's ends are in the wrong order: {self.earliest_ns} > {self.latest_ns}")

    @classmethod
    def exactly(cls, at_ns: int) -> Instant:
        """
        A moment known to the nanosecond, as only a simulated world knows it.
        """
        return cls(at_ns, at_ns)

    @property
    def width_ns(self) -> int:
        """
        How much is not known, in nanoseconds.
        """
        return self.latest_ns - self.earliest_ns

    def holds(self, at_ns: int) -> bool:
        """
        Whether the moment can have been `at_ns`.
        """
        return self.earliest_ns <= at_ns <= self.latest_ns

    def hull(self, other: Instant) -> Instant:
        """
        The shortest instant that contains both.
        """
        return Instant(min(self.earliest_ns, other.earliest_ns), max(self.latest_ns, other.latest_ns))

    def surely_before(self, other: Instant) -> bool:
        """
        Whether this moment came first, whatever the truth inside the two intervals.
        """
        return self.latest_ns < other.earliest_ns

    @staticmethod
    def first(*instants: Instant) -> Instant:
        """
        The moment of the first of several events.
        """
        return Instant(min(i.earliest_ns for i in instants), min(i.latest_ns for i in instants))

    @staticmethod
    def last(*instants: Instant) -> Instant:
        """
        The moment of the last of several events.
        """
        return Instant(max(i.earliest_ns for i in instants), max(i.latest_ns for i in instants))


@dataclass(frozen=True, slots=True)
class Span:
    """
    A duration known to lie in [low_ns, high_ns]; with high_ns None it is right-censored: longer than was watched.

    A negative low end is kept: it says that the order of the two events is not known.
    """

    low_ns: int
    high_ns: int | None

    @classmethod
    def between(cls, start: Instant, end: Instant) -> Span:
        """
        From one moment to another, by interval arithmetic: the width is the sum of the two widths.
        """
        return cls(end.earliest_ns - start.latest_ns, end.latest_ns - start.earliest_ns)

    @classmethod
    def longer_than(cls, start: Instant, watched_until_ns: int) -> Span:
        """
        A duration whose end had not come when the watch ended.
        """
        return cls(watched_until_ns - start.latest_ns, None)

    @property
    def is_censored(self) -> bool:
        """
        Whether the end was never seen.
        """
        return self.high_ns is None

    @property
    def is_acausal(self) -> bool:
        """
        Whether the effect surely came before its cause.
        """
        return self.high_ns is not None and self.high_ns < 0

    @property
    def low_s(self) -> float:
        """
        The shortest it can have been, in seconds.
        """
        return self.low_ns / NS_PER_S

    @property
    def high_s(self) -> float | None:
        """
        The longest it can have been, in seconds; None when censored.
        """
        return None if self.high_ns is None else self.high_ns / NS_PER_S

    @property
    def mid_s(self) -> float:
        """
        The middle of what is known, in seconds; the low end when censored.
        """
        return self.low_s if self.high_ns is None else (self.low_ns + self.high_ns) / 2 / NS_PER_S

    def holds(self, ns: int) -> bool:
        """
        Whether the duration can have been `ns` nanoseconds.
        """
        return self.low_ns <= ns and (self.high_ns is None or ns <= self.high_ns)

    def __str__(self) -> str:
        """
        The duration with its error; what is printed always holds the whole span.

        >>> str(Span(4_206_000_000, 4_218_000_000))
        '4.212 s ± 6 ms'
        >>> str(Span(60_000_000_000, None))
        '> 60.000 s (its end was not seen)'
        """
        if self.high_ns is None:
            return f"> {self.low_ns // 1_000_000 / 1000:.3f} s (its end was not seen)"
        unit_ns, unit, digits = (NS_PER_S, "s", 3) if abs(self.mid_s) >= 1 else (1_000_000, "ms", 1)
        # One more digit for as long as the last one is coarser than the error.
        while (step_ns := unit_ns // 10**digits) > max(1, (self.high_ns - self.low_ns) // 2):
            digits += 1
        shown_ns = round((self.low_ns + self.high_ns) / 2 / step_ns) * step_ns
        error = _error(max(self.high_ns - shown_ns, shown_ns - self.low_ns))
        return f"{shown_ns / unit_ns:.{digits}f} {unit} ± {error}"


def _error(ns: int) -> str:
    """
    An error, rounded up to two figures or whole units.
    """
    for unit_ns, unit in ((NS_PER_S, "s"), (1_000_000, "ms"), (1_000, "µs")):
        if ns >= unit_ns:
            tenths = -(-ns * 10 // unit_ns)
            whole = tenths >= 100 or tenths % 10 == 0
            return f"{-(-tenths // 10)} {unit}" if whole else f"{tenths / 10:.1f} {unit}"
    return f"{ns} ns"
