"""
One meter's way to the disk: a bounded queue, and what became of the samples that did not make it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple, Protocol

from ..model.trace import Code, Sample, Scale
from .trace_raw import Raw

# A disk may be stuck for half a minute at 1,000 samples a second, in a megabyte, before anything is dropped.
ROOM = 1 << 15

# A row of any other code is no conversion: it tells how many are missing, and why.
_CONVERTED = (Code.OK, Code.OVERFLOW)


class _Block(NamedTuple):
    """
    Samples that wait; as many of the conversions that they stand for as `lost` says are counted as lost already.
    """

    scale: Scale
    samples: Raw
    lost: int = 0

    @property
    def kept(self) -> int:
        """
        How many conversions would be lost with it.
        """
        return conversions(self.samples) - self.lost

    @property
    def is_gap(self) -> bool:
        return len(self.samples) == 1 and next(iter(self.samples)).code == Code.GAP


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
        """How many conversions were handed in and are not in the trace, each counted once."""
        self.problem = ""
        """The last reason why."""
        self._writer, self._room = writer, room
        self._lock = threading.Lock()
        self._blocks: deque[_Block] = deque()
        self._rows = 0
        self._in_hand: _Block | None = None
        self._gap: _Block | None = None

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
            block, problem = _Block(scale, Raw(samples)), ""
        except OverflowError as error:
            block, problem = _gap(scale, samples), _reason(error)
        with self._lock:
            self._lose(block.lost, problem or self.problem)
            if self._rows + len(block.samples) <= self._room:
                self._blocks.append(block)
                self._rows += len(block.samples)
            else:
                self._drop(block)

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
        for scale, group in groupby(blocks, key=lambda block: block.scale):
            alike = list(group)
            joined = Raw.joined(block.samples for block in alike)
            self._write(_Block(scale, joined, sum(block.lost for block in alike)))

    def close(self) -> None:
        """
        Writes all that waits, and lets go of the file. Raises nothing.
        """
        self.flush()
        if self._gap is not None:
            self._write(_Block(self._gap.scale, Raw()))
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
            waiting = self._blocks if self._in_hand is None else (self._in_hand, *self._blocks)
            self._lose(sum(block.kept for block in waiting), "the disk is stuck")

    def _write(self, block: _Block) -> None:
        rows = block.samples if self._gap is None else Raw.joined((self._gap.samples, block.samples))
        self._in_hand = block
        try:
            self._writer.append(block.scale, rows)
        except Exception as error:  # whatever it is, a drill is never stopped because its trace cannot be written
            self._gap = _gap(block.scale, rows)
            with self._lock:
                self._lose(block.kept, _reason(error))
        else:
            self._gap = None
        self._in_hand = None

    def _drop(self, block: _Block) -> None:
        self._lose(block.kept, self.problem or "the disk is too slow")
        if self._blocks and self._blocks[-1].is_gap:
            last = self._blocks[-1]
            lost = last.lost + conversions(block.samples)
            self._blocks[-1] = _gap(last.scale, (*last.samples, *block.samples))._replace(lost=lost)
        else:
            self._blocks.append(_gap(block.scale, block.samples))
            self._rows += 1

    def _lose(self, count: int, problem: str) -> None:
        self.lost += count
        self.problem = problem


def _gap(scale: Scale, samples: Iterable[Sample]) -> _Block:
    """
    The gap that takes the place of samples that are lost.
    """
    gap = gap_over(samples)
    return _Block(scale, Raw([gap]), gap.missed)


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
