"""
Closing traces: each stream becomes a Parquet file with units and marks, and a pyramid beside it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from .pyramid import PyramidWriter
from .trace_about import CLOSED, PYRAMID, About, Closing, Extent, closing_words
from .trace_marks import Mark
from .trace_rows import ROWS, extent, tables
from .trace_stream import Headless, StreamReader

_PART = ".part"

# They grow by about as much from row to row.
_STEADY = ("seq", "earliest_ns", "latest_ns")


class RowsWriter:
    """
    Writes rows as Parquet, units in the fields' metadata, and the rest of what is known in the file's own.
    """

    def __init__(self, where: Any, schema: pa.Schema = ROWS) -> None:
        others = [name for name in schema.names if name not in _STEADY]
        delta = dict.fromkeys(_STEADY, "DELTA_BINARY_PACKED")
        self._file = pq.ParquetWriter(where, schema, use_dictionary=others, column_encoding=delta)
        self._extents: dict[About, Extent] = {}
        self._scales: dict[About, dict[tuple[float, float], None]] = {}

    def push(self, about: About, rows: pa.Table) -> None:
        """
        Adds rows of a meter that all have one scale, at least one, as a row group. Raises OSError.
        """
        self._file.write_table(rows, row_group_size=len(rows))
        self._extents[about] = self._extents.get(about, Extent()) + extent(rows)
        scale = rows["bus_lsb_v"][0].as_py(), rows["current_lsb_a"][0].as_py()
        self._scales.setdefault(about, {})[scale] = None

    def close(self, marks: Iterable[Mark]) -> None:
        """
        Says what the file holds, and finishes it. Raises OSError.
        """
        closings = [
            Closing(about=about, extent=held, scales=tuple(self._scales[about]))
            for about, held in self._extents.items()
        ]
        self._file.add_key_value_metadata(closing_words(closings, marks))
        self._file.close()


def pack(stream: Path, marks: Iterable[Mark]) -> None:
    """
    Closes the trace whose stream that is. Until both files are on the disk the stream stays; one without any sample is
    left as it is, and so is one that somebody still writes, or closes already.

    Raises OSError.
    """
    with stream.open("rb") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        _pack(stream, marks)


def _pack(stream: Path, marks: Iterable[Mark]) -> None:
    try:
        reader = StreamReader(stream)
    except Headless:
        return
    parts = [stream.with_suffix(ending + _PART) for ending in (CLOSED, PYRAMID)]
    try:
        if _copied(reader, parts[0], parts[1], marks):
            # The trace itself comes last: whoever finds it finds its pyramid too.
            for part in reversed(parts):
                _sync(part)
                part.replace(part.with_suffix(""))
            _sync(stream.parent)
            stream.unlink()
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def _copied(reader: StreamReader, closed: Path, pyramid: Path, marks: Iterable[Mark]) -> bool:
    """
    Whether there was anything to write.
    """
    with closed.open("wb") as rows_file, pyramid.open("wb") as pyramid_file:
        rows, far = RowsWriter(rows_file), PyramidWriter(pyramid_file)
        is_any = False
        for table in tables(reader.blocks()):
            rows.push(reader.about, table)
            far.push(table)
            is_any = True
        rows.close(marks)
        far.close()
    return is_any


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
