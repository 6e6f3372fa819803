"""
The newest rows of one meter's trace, kept in memory for whoever judges a trial.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable

from ..model.trace import Sample, Samples, Scale

# 64 blocks of 4096 rows of 33 bytes: more than four minutes at a thousand samples a second, in less than 10 MB.
_BLOCK_ROWS = 4096
_BLOCKS = 64


class Recent:
    """
    A bounded memory: at least `BLOCKS - 1` full blocks of rows, in columns; the oldest block is dropped as a whole.

    Rows that have just come are a plain list until they are settled, so that adding one costs nothing. One thread adds
    and settles, any may look.
    """

    def __init__(self, scale: Scale, *, blocks: int = _BLOCKS, block_rows: int = _BLOCK_ROWS) -> None:
        self._scale, self._block_rows = scale, block_rows
        self._blocks: deque[Samples] = deque([Samples()], maxlen=blocks)
        self._fresh: list[Sample] = []
        self._turn = threading.Lock()

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

    def since(self, since_ns: int) -> Samples:
        """
        The rows that are still remembered of those that end at `since_ns` (nanoseconds) or later.
        """
        found = Samples()
        with self._turn:
            for block in self._blocks:
                if block and block.latest_ns[-1] >= since_ns:
                    _extend(found, block.window(since_ns, block.latest_ns[-1]))
            found.add([row for row in self._fresh if row.latest_ns >= since_ns], self._scale)
        return found


def _extend(all_of_them: Samples, some: Samples) -> None:
    all_of_them.earliest_ns.extend(some.earliest_ns)
    all_of_them.latest_ns.extend(some.latest_ns)
    all_of_them.bus_v.extend(some.bus_v)
    all_of_them.current_a.extend(some.current_a)
    all_of_them.code.extend(some.code)
