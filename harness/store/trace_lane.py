"""
One meter's way to the disk: a bounded queue, and what became of the samples that did not make it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Protocol

from ..model.trace import Code, Sample, Scale
from .trace_raw import Raw

# A disk may be stuck for half a minute at 1,000 samples a second, in a megabyte, before anything is dropped.
ROOM = 1 << 15

# A row of any other code is no conversion: it tells how many are missing, and why.
_CONVERTED = (Code.OK, Code.OVERFLOW)

_Block = tuple[Scale, Raw]


class Writer(Protocol):
    """
    Where samples are written.
    """

    def begin(self) -> None:
        """
        Makes sure that something can be written.
        """

    def append(self, scale: Scale, samples: Raw) -> None:
        """
        Writes samples.
        """

    def close(self) -> None:
        """
        Lets go.
        """


class Lane:
    """
    Takes samples in one thread and writes them in another. What cannot be written, or does not fit, is counted, and a
    gap takes its place in the trace.
    """

    def __init__(self, meter: str, writer: Writer, room: int) -> None:
        self.meter = meter
        self.lost = 0
        """How many conversions were handed in and are not in the trace."""
        self.problem = ""
        """The last reason why."""
        self._writer, self._room = writer, room
        self._lock = threading.Lock()
        self._blocks: deque[_Block] = deque()
        self._rows = 0
        self._in_hand = Raw()
        self._gap: tuple[Scale, Sample] | None = None

    @property
    def rows(self) -> int:
        """
        How many samples wait.
        """
        return self._rows

    def take(self, scale: Scale, samples: Sequence[Sample]) -> None:
        """
        Has samples written soon. Never waits for the disk.
        """
        if not samples:
            return
        try:
            block = Raw(samples)
        except OverflowError as error:
            self.lost += conversions(samples)
            self.problem = _reason(error)
            block = Raw([gap_over(samples)])
        with self._lock:
            if self._rows + len(block) <= self._room:
                self._blocks.append((scale, block))
                self._rows += len(block)
            else:
                self._drop(scale, block)

    def begin(self) -> None:
        """
        Makes the file, so that a disk that takes none is known before there is anything to lose.
        """
        try:
            self._writer.begin()
        except OSError as error:
            self.problem = _reason(error)

    def flush(self) -> None:
        """
        Writes all that waits. Raises nothing: what cannot be written is lost, and told.
        """
        with self._lock:
            blocks, self._blocks, self._rows = self._blocks, deque(), 0
        for scale, group in groupby(blocks, key=lambda block: block[0]):
            self._write(scale, Raw.joined(samples for _, samples in group))

    def close(self) -> None:
        """
        Writes all that waits, and lets go of the file. Raises nothing.
        """
        self.flush()
        if self._gap is not None:
            self._write(self._gap[0], Raw())
        try:
            self._writer.close()
        except OSError as error:
            self.problem = _reason(error)

    def abandon(self) -> None:
        """
        Gives up what waits: the disk is stuck, and with it the thread that writes.
        """
        with self._lock:
            self._room = -1
            self.lost += conversions(self._in_hand) + sum(conversions(samples) for _, samples in self._blocks)
            self.problem = "the disk is stuck"

    def _write(self, scale: Scale, samples: Raw) -> None:
        rows = samples if self._gap is None else Raw.joined((Raw([self._gap[1]]), samples))
        self._in_hand = samples
        try:
            self._writer.append(scale, rows)
        except Exception as error:  # whatever it is, a drill is never stopped because its trace cannot be written
            self._gap = scale, gap_over(rows)
            self.lost += conversions(samples)
            self.problem = _reason(error)
        else:
            self._gap = None
        self._in_hand = Raw()

    def _drop(self, scale: Scale, block: Raw) -> None:
        self.lost += conversions(block)
        self.problem = self.problem or "the disk is too slow"
        last_scale, last = self._blocks[-1] if self._blocks else (scale, Raw())
        if len(last) == 1 and next(iter(last)).code == Code.GAP:
            self._blocks[-1] = (last_scale, Raw([gap_over((*last, *block))]))
        else:
            self._blocks.append((scale, Raw([gap_over(block)])))
            self._rows += 1


def gap_over(samples: Iterable[Sample]) -> Sample:
    """
    The gap that takes the place of these samples.
    """
    rows = tuple(samples)
    return Sample(rows[0].seq, rows[0].earliest_ns, rows[-1].latest_ns, 0, 0, Code.GAP, conversions(rows))


def conversions(samples: Iterable[Sample]) -> int:
    """
    How many conversions samples stand for, those that were missing before among them.
    """
    return sum(sample.missed + (sample.code in _CONVERTED) for sample in samples)


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
