"""
A DUT's supply rail: its voltage and current, exactly, at any moment that is remembered or already decided.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Protocol

from ..clock import NS_PER_S, now_ns
from ..model.world import RailSpec


class Unit(Protocol):
    """
    What hangs on a rail. It is told of the rail's crossings at their exact moments, in order.
    """

    def powered(self, at_ns: int) -> None:
        """
        The rail rose to the level at which the unit starts.
        """

    def power_lost(self, at_ns: int) -> None:
        """
        The rail fell below the unit's brown-out level.
        """

    def current_a(self, at_ns: int) -> float:
        """
        What the unit draws at that moment while it is fed, in amperes.
        """

    def charge(self, from_ns: int, to_ns: int) -> float:
        """
        The same over a stretch, in ampere-nanoseconds.
        """


class Rail:
    """
    A voltage made of pieces: the supply's while the contact is closed, an exponential decay while it is open, down to
    where another path holds it.

    Closing recharges it at once, at the price of an inrush. While the contact is open the unit lives off its own
    capacitors, so that no current comes through the contact and a meter before it reads 0 A.
    """

    def __init__(self, spec: RailSpec, unit: Unit, is_closed: bool, at_ns: int) -> None:
        self.spec = spec
        self._unit = unit
        self._tau_ns = spec.hold_up_s * NS_PER_S / math.log(spec.supply_v / spec.brown_out_v)
        self._surge_tau_ns = spec.inrush_decay_s * NS_PER_S
        self._held_v = spec.back_power_v
        # Four lists in step: when a piece starts, the voltage it starts at, whether the contact is closed in it, and
        # the inrush that flows then (or, while it is open, that would still flow).
        self._at = [at_ns]
        self._start_v = [spec.supply_v if is_closed else spec.back_power_v]
        self._closed = [is_closed]
        self._surge_a = [0.0]

    def move(self, at_ns: int, strokes: list[tuple[int, bool]]) -> None:
        """
        Lets the contact move by `strokes` (after `at_ns`, in order), instead of what was decided for after `at_ns`.
        """
        after = bisect_right(self._at, at_ns)
        del self._at[after:], self._start_v[after:], self._closed[after:], self._surge_a[after:]
        for moment_ns, is_closed in strokes:
            before_v, surge_a = self.voltage_v(moment_ns), self._surge_at(len(self._at) - 1, moment_ns)
            if is_closed:
                empty = 1 - before_v / self.spec.supply_v
                surge_a = min(self.spec.inrush_a, surge_a + self.spec.inrush_a * empty)
            self._at.append(moment_ns)
            self._start_v.append(self.spec.supply_v if is_closed else before_v)
            self._closed.append(is_closed)
            self._surge_a.append(surge_a)

    def is_closed(self, at_ns: int) -> bool:
        """
        Whether the contact feeds the rail at that moment.
        """
        return self._closed[self._piece(at_ns)]

    def voltage_v(self, at_ns: int) -> float:
        """
        The voltage at that moment.
        """
        piece = self._piece(at_ns)
        return self._start_v[piece] if self._closed[piece] else self._decayed_v(piece, at_ns)

    def current_a(self, at_ns: int) -> float:
        """
        The current through the contact at that moment.
        """
        piece = self._piece(at_ns)
        return self._unit.current_a(at_ns) + self._surge_at(piece, at_ns) if self._closed[piece] else 0.0

    def mean_v(self, from_ns: int, to_ns: int) -> float:
        """
        The mean voltage between two moments, by integration.
        """
        if to_ns <= from_ns:
            return self.voltage_v(from_ns)
        volt_ns = 0.0
        for piece, start_ns, end_ns in self._pieces(from_ns, to_ns):
            if self._closed[piece]:
                volt_ns += self._start_v[piece] * (end_ns - start_ns)
            else:
                volt_ns += self._decayed_area(piece, start_ns, end_ns)
        return volt_ns / (to_ns - from_ns)

    def mean_a(self, from_ns: int, to_ns: int) -> float:
        """
        The mean current between two moments.
        """
        if to_ns <= from_ns:
            return self.current_a(from_ns)
        ampere_ns = 0.0
        for piece, start_ns, end_ns in self._pieces(from_ns, to_ns):
            if self._closed[piece]:
                ampere_ns += self._unit.charge(start_ns, end_ns)
                if self._surge_a[piece]:
                    faded_a = self._surge_at(piece, start_ns) - self._surge_at(piece, end_ns)
                    ampere_ns += faded_a * self._surge_tau_ns
        return ampere_ns / (to_ns - from_ns)

    def crossings(self, threshold_v: float, since_ns: int) -> list[tuple[int, bool]]:
        """
        When the voltage crossed a threshold from `since_ns` until now, and whether upwards.

        A fall is placed at the first nanosecond below the threshold, a rise at the first one not below it.
        """
        until_ns = now_ns()
        return [edge for edge in self._edges(threshold_v, since_ns) if edge[0] <= until_ns]

    def strokes(self, since_ns: int) -> list[int]:
        """
        When the contact opened or closed, chatter and all, from `since_ns` until now.
        """
        return self._at[bisect_left(self._at, since_ns, 1) : bisect_right(self._at, now_ns())]

    def feedings(self, after_ns: int, is_fed: bool) -> list[tuple[int, bool]]:
        """
        When the unit will start (True) and lose its power (False) after a moment, as far as is decided.

        Between its two levels the unit stays what it was.
        """
        falls = (edge for edge in self._edges(self.spec.brown_out_v, after_ns + 1) if not edge[1])
        rises = (edge for edge in self._edges(self.spec.boot_v, after_ns + 1) if edge[1])
        changes = []
        for moment_ns, feeds in sorted((*falls, *rises)):
            if feeds != is_fed:
                changes.append((moment_ns, feeds))
                is_fed = feeds
        return changes

    def forget(self, before_ns: int) -> None:
        """
        Drops the pieces that ended before a moment, so that a long run needs no more memory than a short one.
        """
        first = bisect_right(self._at, before_ns) - 1
        if first > 0:
            del self._at[:first], self._start_v[:first], self._closed[:first], self._surge_a[:first]

    def _piece(self, at_ns: int) -> int:
        if at_ns >= self._at[-1]:
            return len(self._at) - 1
        return max(0, bisect_right(self._at, at_ns) - 1)

    def _pieces(self, from_ns: int, to_ns: int) -> Iterator[tuple[int, int, int]]:
        """
        Each piece that has a part between two moments, with that part.
        """
        last = max(1, bisect_left(self._at, to_ns))
        for piece in range(self._piece(from_ns), last):
            end_ns = self._at[piece + 1] if piece + 1 < last else to_ns
            yield piece, max(from_ns, self._at[piece]) if piece else from_ns, end_ns

    def _decayed_v(self, piece: int, at_ns: int) -> float:
        decayed_v = self._start_v[piece] * math.exp(-max(0, at_ns - self._at[piece]) / self._tau_ns)
        return decayed_v if decayed_v > self._held_v else self._held_v

    def _decayed_area(self, piece: int, from_ns: int, to_ns: int) -> float:
        """
        Volt-nanoseconds of a part of an open piece: those of the decay, then those at which the rail is held.
        """
        start_v, held_ns = self._decayed_v(piece, from_ns), 0.0
        if self._held_v:
            held_ns = max(0.0, to_ns - from_ns - self._tau_ns * math.log(start_v / self._held_v))
        return start_v * self._tau_ns * -math.expm1((from_ns - to_ns + held_ns) / self._tau_ns) + self._held_v * held_ns

    def _surge_at(self, piece: int, at_ns: int) -> float:
        """
        The inrush at a moment of a piece, in amperes.
        """
        surge_a = self._surge_a[piece]
        if not surge_a or not self._closed[piece]:
            return surge_a
        return surge_a * math.exp((self._at[piece] - at_ns) / self._surge_tau_ns)

    def _edges(self, threshold_v: float, since_ns: int) -> Iterator[tuple[int, bool]]:
        for piece in range(self._piece(since_ns), len(self._at)):
            start_ns = self._at[piece]
            if self._closed[piece]:
                if piece and start_ns >= since_ns and self._before_v(piece) < threshold_v <= self._start_v[piece]:
                    yield start_ns, True
            elif self._held_v < threshold_v <= self._start_v[piece]:
                fall_ns = start_ns + math.floor(self._tau_ns * math.log(self._start_v[piece] / threshold_v)) + 1
                ends_first = piece + 1 < len(self._at) and self._at[piece + 1] <= fall_ns
                if fall_ns >= since_ns and not ends_first:
                    yield fall_ns, False

    def _before_v(self, piece: int) -> float:
        """
        The voltage at which the piece before this one ended.
        """
        before = piece - 1
        return self._start_v[before] if self._closed[before] else self._decayed_v(before, self._at[piece])
