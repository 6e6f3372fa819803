"""
What is known of a stream so far: read once, then only what has been added, however often it is looked at.

Whole pieces of it are known by where they lie in the file, and from far away: some hundred rows to a bucket. A day at a
thousand samples a second takes some 30 MB so.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import pyarrow as pa

from ..model.trace import Scale
from . import pyramid, trace_rows
from .trace_about import About, Extent
from .trace_rows import extent, tables
from .trace_stream import StreamReader

# Rows to a bucket, as a multiple of the finest level's in a pyramid. What is too near for such buckets is read again,
# in less than a second.
_COARSER = 8
# So many streams are remembered: those of the runs that go on, on a bench.
_MOST = 4
# A file of which so many bytes are what they were is the same file.
_SEAL_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Piece:
    """
    Consecutive rows of one scale: where their bytes lie, how much of the trace they are, and how they look from afar.
    """

    first_byte: int
    end_byte: int
    extent: Extent
    far: pa.Table

    def touches(self, from_ns: int, to_ns: int) -> bool:
        """
        Whether any of its rows may touch a stretch.
        """
        return self.extent.first_ns <= to_ns and self.extent.last_ns >= from_ns


class Growth:
    """
    A stream as far as it was read. `look` again when it may have grown. Raises Headless, OSError.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = threading.Lock()
        self._seal = b""
        self._reader = StreamReader(path)
        self.about: About = self._reader.about
        self._whole: list[Piece] = []

    def is_of(self, path: Path) -> bool:
        """
        Whether the file there is still the one that was read, as far as it was. Raises OSError.
        """
        return self._seal == self._sealed(path)

    def look(self) -> list[Piece]:
        """
        All pieces there are now; the last one will be another when the stream has grown. Raises OSError.
        """
        with self._turn:
            read = list(self._read(self._whole[-1].end_byte if self._whole else 0))
            self._whole += read[:-1]
            self._seal = self._sealed(self._path)
            return [*self._whole, *read[-1:]]

    def rows(self, piece: Piece) -> Iterator[pa.Table]:
        """
        The rows of a piece. Raises OSError.
        """
        blocks = takewhile(lambda block: block[0] <= piece.end_byte, self._reader.following(piece.first_byte))
        yield from tables((scale, batch) for _, scale, batch in blocks)

    def _read(self, first_byte: int) -> Iterator[Piece]:
        """
        The pieces from a byte on; all but the last one are as long as they will ever be.
        """
        held: list[tuple[Scale, pa.RecordBatch]] = []
        end_byte, rows = first_byte, 0
        for end, scale, batch in self._reader.following(first_byte):
            if held and (scale != held[0][0] or rows + len(batch) > trace_rows.CHUNK):
                yield _piece(first_byte, end_byte, held)
                held, first_byte, rows = [], end_byte, 0
            held.append((scale, batch))
            end_byte, rows = end, rows + len(batch)
        if held:
            yield _piece(first_byte, end_byte, held)

    def _sealed(self, path: Path) -> bytes:
        """
        The last bytes of what will not be read again: their blocks' checksums are among them.
        """
        end = self._whole[-1].end_byte if self._whole else 0
        with path.open("rb") as file:
            file.seek(max(0, end - _SEAL_BYTES))
            return file.read(min(end, _SEAL_BYTES))


def growth_of(path: Path) -> Growth:
    """
    What is known of the stream in a file; remembered by this process. Raises Headless, OSError.
    """
    with _turn:
        known = _known.pop(path, None)
        if known is None or not known.is_of(path):
            known = Growth(path)
        _known[path] = known
        while len(_known) > _MOST:
            _known.popitem(last=False)
        return known


_known: OrderedDict[Path, Growth] = OrderedDict()
_turn = threading.Lock()


def _piece(first_byte: int, end_byte: int, blocks: list[tuple[Scale, pa.RecordBatch]]) -> Piece:
    (table,) = tables(blocks)
    far = pyramid.fold(pyramid.buckets(table), _COARSER * pyramid.FACTOR)
    return Piece(first_byte, end_byte, extent(table), far)
