"""
When a contact moved, by what its rail's meter read: each edge as instants that hold the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..model.instant import Instant, Span
from .cut import Cut

# A reading is an average: one that is not within this part of either side saw the contact on both.
_SIDE_RATIO = 0.05

# A contact was open if some reading saw it open for at least this part of its time.
_SEEN_RATIO = 0.5

# So many readings after a stroke its contact is at rest, whatever the DUT draws then.
_SETTLED = 3

# From this part of its resting voltage down a rail has been let go.
_LEFT_RATIO = 0.9


@dataclass(frozen=True, slots=True)
class Edge:
    """
    From the contact's first movement to its coming to rest; None when it was not seen to.
    """

    began: Instant
    ended: Instant | None

    @property
    def bounce(self) -> Span | None:
        """
        How long it may have chattered; a meter cannot tell less than its own readings take.
        """
        if self.ended is None:
            return None
        span = Span.between(self.began, self.ended)
        return Span(max(0, span.low_ns), span.high_ns)


def opened(cut: Cut, dut: str, sees_a: float) -> Edge | None:
    """
    The contact's opening: the current's fall, or the rail's, for a DUT that draws less than `sees_a` (amperes).

    None when it was not seen.
    """
    readings, rest = _readings(cut, dut), cut.rest(dut)
    if rest is None:
        return None
    if rest.current_a < sees_a:
        shares, sure = [float(r.bus_v < _LEFT_RATIO * rest.bus_v) for r in readings], _SIDE_RATIO
    else:
        # A DUT may draw less from one moment to the next, but a contact that is closed lets `sees_a` through.
        shares, sure = [1 - r.current_a / rest.current_a for r in readings], 1 - sees_a / rest.current_a
    lowest = max(range(len(shares)), key=lambda index: (shares[index], -index))
    # After a short interruption the contact is closed again; after a long one it is open until it is told to close.
    until_ns = max(cut.on.earliest_ns, readings[lowest].at.earliest_ns)
    until = next((i for i, r in enumerate(readings) if r.at.latest_ns > until_ns and i > lowest), len(readings))
    return _edge(readings[:until], shares[:until], cut.off, sure)


def closed(cut: Cut, dut: str, sees_a: float) -> Edge | None:
    """
    The contact's closing again: the rail's rise, or the current's, for a rail that was not off for long enough to
    fall. None when it was not seen.
    """
    readings, rest = _readings(cut, dut), cut.rest(dut)
    if rest is None:
        return None
    bottom_v = min(r.bus_v for r in readings)
    if bottom_v < _LEFT_RATIO * rest.bus_v:
        return _rise(readings, lambda r: (r.bus_v - bottom_v) / (rest.bus_v - bottom_v), cut.on)
    if rest.current_a < sees_a:
        return None
    return _rise(readings, lambda r: r.current_a / rest.current_a, cut.on)


def made(cut: Cut, dut: str, sees_a: float) -> Edge | None:
    """
    The contact's closing again by its current, which shows its chatter where the rail's own capacitors hide it: it is
    at rest from where the current is never again less than in the end. None when it was not seen.
    """
    readings = _readings(cut, dut)
    # The last that was over before the command saw the contact open.
    before = sum(r.at.latest_ns <= cut.on.earliest_ns for r in readings)
    readings = readings[max(0, before - 1) :]
    settled_a = min((r.current_a for r in readings[-_SETTLED:]), default=0.0)
    if settled_a < sees_a:
        return None
    return _edge(readings, [r.current_a / settled_a for r in readings], cut.on)


def delivered(cut: Cut, dut: str, sees_a: float) -> Span | None:
    """
    For how long the contact was open; None when it was not seen to open and close.
    """
    opening, closing = opened(cut, dut, sees_a), closed(cut, dut, sees_a)
    if opening is None or closing is None:
        return None
    span = Span.between(opening.began, closing.began)
    return Span(max(0, span.low_ns), span.high_ns)


@dataclass(frozen=True, slots=True)
class _Read:
    at: Instant
    bus_v: float
    current_a: float


def _readings(cut: Cut, dut: str) -> list[_Read]:
    found: list[_Read] = []
    for reading in cut.readings.get(dut, ()):
        if reading.bus_v is not None and reading.current_a is not None:
            found.append(_Read(reading.at, reading.bus_v, reading.current_a))
    return found


def _rise(readings: Sequence[_Read], share: Callable[[_Read], float], commanded: Instant) -> Edge | None:
    shares = [share(reading) for reading in readings]
    # The last of the lowest: from there on it rises.
    lowest = min(range(len(shares)), key=lambda index: (round(shares[index], 2), -index))
    if shares[lowest] > 1 - _SEEN_RATIO:
        return None
    return _edge(readings[lowest:], [each - shares[lowest] for each in shares[lowest:]], commanded)


def _edge(
    readings: Sequence[_Read], shares: Sequence[float], commanded: Instant, sure: float = _SIDE_RATIO
) -> Edge | None:
    """
    From the first reading that is not wholly on the near side (0) to the first of those that are all on the far one.

    What is not wholly on the near side may have another cause than the contact, until one is so far from it that it
    is `sure` to have moved.
    """
    first = next((index for index, share in enumerate(shares) if share > _SIDE_RATIO), 0)
    if first == 0 or max(shares) < _SEEN_RATIO:
        return None
    moved = next(index for index, share in enumerate(shares) if share > _SIDE_RATIO and share >= min(sure, max(shares)))
    began = Instant(readings[first - 1].at.earliest_ns, readings[moved].at.latest_ns)
    last = len(shares)
    while last > first and shares[last - 1] >= 1 - _SIDE_RATIO:
        last -= 1
    if last == len(shares):
        return Edge(_after(began, commanded), None)
    ended = Instant(readings[last - 1].at.earliest_ns, readings[last].at.latest_ns)
    return Edge(_after(began, commanded), _after(ended, commanded))


def _after(at: Instant, commanded: Instant) -> Instant:
    # Nothing moves before it is told to.
    earliest_ns = max(at.earliest_ns, commanded.earliest_ns)
    return Instant(earliest_ns, max(earliest_ns, at.latest_ns))
