"""
Traces as they lie on the disk: closed with a pyramid, or still a stream.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ..model.instant import Instant
from ..model.trace import Overview, Samples
from .pyramid import Pyramid, buckets, overview
from .trace_about import CLOSED, PYRAMID, About, Closing, Extent, closings, told
from .trace_growth import Piece, growth_of
from .trace_rows import ROWS, samples, touching
from .trace_stream import Headless


class RecordedTrace(ABC):
    """
    One meter's trace in a run's folder.
    """

    def __init__(self, about: About) -> None:
        self.about = about
        self.meter, self.dut = about.meter, about.dut

    @property
    @abstractmethod
    def extent(self) -> Extent:
        """
        How much of it there is.
        """

    @abstractmethod
    def rows(self, from_ns: int, to_ns: int) -> Iterator[pa.Table]:
        """
        The rows that touch a stretch, as tables of one scale each; none of them is empty.
        """

    @abstractmethod
    def overview(self, from_ns: int, to_ns: int, points: int) -> Overview:
        """
        A stretch in at most `points` buckets, whatever its length; the first and the last may reach beyond it.
        """

    @property
    def span(self) -> Instant:
        """
        From the first sample's beginning to the last one's end.
        """
        return self.extent.span

    @property
    def told(self) -> str:
        """
        One sentence on its quality: rate asked and reached, and what is missing.
        """
        return told(self.about, self.extent)

    def samples(self, from_ns: int, to_ns: int) -> Samples:
        """
        Every sample that touches a stretch.
        """
        return samples(self.rows(from_ns, to_ns))


class GrowingTrace(RecordedTrace):
    """
    A trace that is still a stream, as far as it was written when it was opened.

    Raises Headless for a file that is none.
    """

    def __init__(self, path: Path) -> None:
        self._growth = growth_of(path)
        self._pieces = self._growth.look()
        super().__init__(self._growth.about)

    @property
    def extent(self) -> Extent:
        return sum((piece.extent for piece in self._pieces), start=Extent())

    def rows(self, from_ns: int, to_ns: int) -> Iterator[pa.Table]:
        for piece in self._touched(from_ns, to_ns):
            for table in self._growth.rows(piece):
                if len(found := touching(table, "earliest_ns", "latest_ns", from_ns, to_ns)):
                    yield found

    def overview(self, from_ns: int, to_ns: int, points: int) -> Overview:
        far = [touching(piece.far, "start_ns", "end_ns", from_ns, to_ns) for piece in self._touched(from_ns, to_ns)]
        if (count := sum(map(len, far))) >= points:
            return overview(far, count, points)
        near = [buckets(rows) for rows in self.rows(from_ns, to_ns)]
        return overview(near, sum(map(len, near)), points)

    def _touched(self, from_ns: int, to_ns: int) -> list[Piece]:
        return [piece for piece in self._pieces if piece.touches(from_ns, to_ns)]


class ClosedTrace(RecordedTrace):
    """
    A trace that was closed. Raises OSError, ValueError, KeyError or TypeError for files that are not.
    """

    def __init__(self, path: Path) -> None:
        self._file = pq.ParquetFile(path, memory_map=True)
        (closing,) = closings(self._file.metadata.metadata)
        self.closing: Closing = closing
        self._pyramid = Pyramid(path.with_suffix(PYRAMID))
        super().__init__(closing.about)

    @property
    def extent(self) -> Extent:
        return self.closing.extent

    def rows(self, from_ns: int, to_ns: int) -> Iterator[pa.Table]:
        for index in self._groups(from_ns, to_ns):
            table = self._file.read_row_group(index, columns=ROWS.names)
            if len(found := touching(table, "earliest_ns", "latest_ns", from_ns, to_ns)):
                yield found

    def overview(self, from_ns: int, to_ns: int, points: int) -> Overview:
        for level in range(self._pyramid.top, 0, -1):
            table = self._pyramid.level(level, from_ns, to_ns)
            if len(table) >= points:
                return overview([table], len(table), points)
        near = [buckets(rows) for rows in self.rows(from_ns, to_ns)]
        return overview(near, sum(map(len, near)), points)

    def _groups(self, from_ns: int, to_ns: int) -> Iterator[int]:
        """
        The row groups that may touch a stretch, by their own statistics.
        """
        metadata = self._file.metadata
        first, last = (ROWS.get_field_index(name) for name in ("earliest_ns", "latest_ns"))
        for index in range(metadata.num_row_groups):
            group = metadata.row_group(index)
            if group.column(first).statistics.min <= to_ns and group.column(last).statistics.max >= from_ns:
                yield index


def opened(path: Path) -> RecordedTrace | None:
    """
    The trace in a file, or nothing when it holds no sample: a stream may have been torn before its first.

    Raises OSError, ValueError, KeyError or TypeError for a file that is no trace.
    """
    if path.suffix == CLOSED:
        return ClosedTrace(path)
    try:
        trace = GrowingTrace(path)
    except Headless:
        return None
    return trace if trace.extent.rows else None
