"""
The newest rows of one meter's trace, kept in memory for whoever judges a trial.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable

from ..model.trace import Code, Sample, Samples, Scale

# 64 blocks of 4096 rows of 33 bytes: more than four minutes at a thousand samples a second, in less than 10 MB.
_BLOCK_ROWS = 4096
_BLOCKS = 64


class Recent:
    """
    A bounded memory: at least `BLOCKS - 1` full blocks of rows, in columns; the oldest block is dropped as a whole. Of
    what is to be dropped, stretches may be kept.

    Rows that have just come are a plain list until they are settled, so that adding one costs nothing. One thread adds
    and settles, any may look.
    """

    def __init__(self, scale: Scale, *, blocks: int = _BLOCKS, block_rows: int = _BLOCK_ROWS) -> None:
        self._scale, self._block_rows = scale, block_rows
        self._blocks: deque[Samples] = deque([Samples()], maxlen=blocks)
        self._fresh: list[Sample] = []
        self._turn = threading.Lock()
        self._kept: dict[tuple[int, int], Samples] = {}

    def add(self, rows: Iterable[Sample]) -> None:
        """
        Takes further rows.
        """
        self._fresh.extend(rows)

    def settle(self) -> list[Sample]:
        """
        Puts the rows that came since the last time into columns, and returns them.
        """
        if not self._fresh:
            return []
        with self._turn:
            fresh, self._fresh = self._fresh, []
            if len(self._blocks[-1]) >= self._block_rows:
                self._blocks.append(Samples())
            self._blocks[-1].add(fresh, self._scale)
        return fresh

    def keep(self, stretches: Iterable[tuple[int, int]]) -> None:
        """
        Remembers the rows that touch these stretches (from, to, in nanoseconds), as far as they came already, whatever
        is dropped; and no longer those of any other stretch. To be called again until the last of them is over.
        """
        self._kept = {stretch: self._kept_of(*stretch) for stretch in sorted(stretches)}

    def since(self, since_ns: int) -> Samples:
        """
        The rows that are still remembered of those that end at `since_ns` (nanoseconds) or later. What was forgotten
        between two of them is a gap.
        """
        found = Samples()
        for piece in self._remembered(since_ns):
            rows = piece.rows(bisect_right(piece.earliest_ns, found.earliest_ns[-1]), len(piece)) if found else piece
            if found and rows and rows.earliest_ns[0] > found.latest_ns[-1]:
                found.add([Sample(0, found.latest_ns[-1], rows.earliest_ns[0], 0, 0, Code.GAP)], self._scale)
            _extend(found, rows)
        return found

    def has_forgotten(self, since_ns: int) -> bool:
        """
        Whether any row that ended since a moment (nanoseconds) is remembered no more.
        """
        if len(self._blocks) < (self._blocks.maxlen or 0):
            return False
        seen_ns = since_ns
        for piece in self._remembered(since_ns):
            if piece and piece.earliest_ns[0] > seen_ns:
                return True
            seen_ns = max(seen_ns, piece.latest_ns[-1]) if piece else seen_ns
        return False

    def _kept_of(self, from_ns: int, to_ns: int) -> Samples:
        already = self._kept.get((from_ns, to_ns))
        is_whole = already is not None and len(already) > 0 and already.latest_ns[-1] >= to_ns
        return already if already is not None and is_whole else self.since(from_ns).window(from_ns, to_ns)

    def _remembered(self, since_ns: int) -> list[Samples]:
        """
        What was kept of what the newest rows do not go back to, and those; kept stretches may overlap.
        """
        newest = Samples()
        with self._turn:
            for block in self._blocks:
                if block and block.latest_ns[-1] >= since_ns:
                    _extend(newest, block.window(since_ns, block.latest_ns[-1]))
            newest.add([row for row in self._fresh if row.latest_ns >= since_ns], self._scale)
        before = [
            rows.rows(0, bisect_left(rows.earliest_ns, newest.earliest_ns[0])) if newest else rows
            for rows in self._kept.values()
        ]
        return [*(rows.window(since_ns, rows.latest_ns[-1]) for rows in before if rows), newest]


def _extend(all_of_them: Samples, some: Samples) -> None:
    all_of_them.earliest_ns.extend(some.earliest_ns)
    all_of_them.latest_ns.extend(some.latest_ns)
    all_of_them.bus_v.extend(some.bus_v)
    all_of_them.current_a.extend(some.current_a)
    all_of_them.code.extend(some.code)
