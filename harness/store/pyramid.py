"""
A trace from far away: buckets with the least, mean and greatest of each quantity, 32 rows to a bucket, 32 buckets to
the next level's, and so on up, until one level is small enough to be read whole.

All levels lie in one Parquet file, whose row groups each belong to one level; the groups' own statistics are its index.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..model.trace import Overview
from .trace_rows import CHUNK, column, touching

FACTOR = 32

# Buckets to a row group: what is read at least, and what is held of each level while it grows.
_GROUP = 1 << 14

_QUANTITIES = {"bus_v": "V", "current_a": "A"}


def _buckets() -> pa.Schema:
    fields = [pa.field(name, pa.int64(), metadata={"unit": "ns"}) for name in ("start_ns", "end_ns")]
    for quantity, unit in _QUANTITIES.items():
        for part in ("min", "mean", "max"):
            fields.append(pa.field(f"{quantity}_{part}", pa.float64(), metadata={"unit": unit}))
    return pa.schema([*fields, pa.field("good", pa.int64()), pa.field("missing", pa.int64())])


BUCKETS = _buckets()
_FILE = BUCKETS.append(pa.field("level", pa.int8()))

# How a bucket follows from those below it; means are weighted by how many good samples each stands for.
_FOLDED = [("start_ns", "min"), ("end_ns", "max"), ("good", "sum"), ("missing", "sum")]
_FOLDED += [(f"{quantity}_{part}", part) for quantity in _QUANTITIES for part in ("min", "max")]
_FOLDED += [(f"{quantity}_sum", "sum") for quantity in _QUANTITIES]


def buckets(rows: pa.Table) -> pa.Table:
    """
    Every row as a bucket of its own.
    """
    columns = [rows["earliest_ns"], rows["latest_ns"]]
    for quantity in _QUANTITIES:
        columns += [rows[quantity]] * 3
    good = pc.cast(pc.is_valid(rows["bus_v"]), pa.int64())
    return pa.table([*columns, good, pc.cast(rows["missed"], pa.int64())], schema=BUCKETS)


def fold(table: pa.Table, size: int) -> pa.Table:
    """
    Every `size` buckets in one, in order.
    """
    if size == 1 or not len(table):
        return table
    for quantity in _QUANTITIES:
        table = table.append_column(f"{quantity}_sum", pc.multiply(table[f"{quantity}_mean"], table["good"]))
    table = table.append_column("bucket", _numbers(size, -(-len(table) // CHUNK)).slice(0, len(table)))
    folded = table.group_by("bucket", use_threads=False).aggregate(_FOLDED)
    columns = {name: folded[f"{name}_{how}"] for name, how in _FOLDED}
    for quantity in _QUANTITIES:
        columns[f"{quantity}_mean"] = pc.divide(columns[f"{quantity}_sum"], columns["good"])
    return pa.table([columns[name] for name in BUCKETS.names], schema=BUCKETS)


class Folding:
    """
    Folds a stream of buckets piece by piece; what does not fill a bucket yet is held back.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._held = BUCKETS.empty_table()

    def push(self, table: pa.Table) -> pa.Table:
        """
        The buckets that are full with this piece.
        """
        table = pa.concat_tables([self._held, table])
        full = len(table) // self._size * self._size
        # A slice would keep the whole piece in memory.
        self._held = table.slice(full).take(pa.array(range(len(table) - full), pa.int32()))
        return fold(table.slice(0, full), self._size)

    def rest(self) -> pa.Table:
        """
        The last bucket, which is not full; none, if nothing is left.
        """
        held, self._held = self._held, BUCKETS.empty_table()
        return fold(held, self._size)


def overview(pieces: Iterable[pa.Table], rows: int, points: int) -> Overview:
    """
    Buckets in at most so many points, when it is known how many buckets there are at most.
    """
    folding = Folding(max(1, math.ceil(rows / points)))
    folded = [folding.push(piece) for piece in pieces]
    table = pa.concat_tables([BUCKETS.empty_table(), *folded, folding.rest()])

    def numbers(name: str) -> array[float]:
        return column(table, name, array("d"), math.nan)

    def whole(name: str) -> array[int]:
        return column(table, name, array("q"), 0)

    quantities = {name: numbers(name) for name in BUCKETS.names if name.startswith(tuple(_QUANTITIES))}
    return Overview(start_ns=whole("start_ns"), end_ns=whole("end_ns"), missing=whole("missing"), **quantities)


class _Level:
    """
    One level while it grows: it folds what lies below it, and its own buckets wait until they fill a row group.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.folding = Folding(FACTOR)
        self.size = 0
        self._pending: list[pa.Table] = []

    def keep(self, folded: pa.Table) -> bool:
        """
        Takes buckets in; says whether they fill a row group.
        """
        self.size += len(folded)
        self._pending.append(folded)
        return sum(map(len, self._pending)) >= _GROUP

    def taken(self) -> pa.Table:
        """
        What is not written yet.
        """
        table = pa.concat_tables([BUCKETS.empty_table(), *self._pending])
        self._pending.clear()
        return table.append_column(_FILE.field("level"), pa.repeat(pa.scalar(self.number, pa.int8()), len(table)))


class PyramidWriter:
    """
    Builds a pyramid from rows as they come, in memory that does not grow with them.
    """

    def __init__(self, where: Any) -> None:
        delta = dict.fromkeys(("start_ns", "end_ns"), "DELTA_BINARY_PACKED")
        others = [name for name in _FILE.names if name not in delta]
        self._file = pq.ParquetWriter(where, _FILE, use_dictionary=others, column_encoding=delta)
        self._levels = [_Level(1)]

    def push(self, rows: pa.Table) -> None:
        """
        Takes rows in. Raises OSError.
        """
        self._keep(self._levels[0], self._levels[0].folding.push(buckets(rows)))

    def close(self) -> None:
        """
        Finishes every level up to the one that is a single bucket, and the file. Raises OSError.
        """
        for level in self._levels:  # it grows while it is walked
            self._keep(level, level.folding.rest())
            self._write(level)
            if level.size <= 1:
                break
        self._file.close()

    def _keep(self, level: _Level, folded: pa.Table) -> None:
        if not len(folded):
            return
        if level.keep(folded):
            self._write(level)
        if level is self._levels[-1]:
            self._levels.append(_Level(level.number + 1))
        above = self._levels[level.number]
        self._keep(above, above.folding.push(folded))

    def _write(self, level: _Level) -> None:
        table = level.taken()
        if len(table):
            self._file.write_table(table, row_group_size=len(table))


class Pyramid:
    """
    Reads a pyramid. Raises OSError or pyarrow's own error for a file that is none.
    """

    def __init__(self, path: Path) -> None:
        self._file = pq.ParquetFile(path, memory_map=True)
        self._groups = list(_groups(self._file.metadata))
        self.top = max((level for level, _, _ in self._groups), default=0)
        """The coarsest level; the finest is 1."""

    def level(self, level: int, from_ns: int, to_ns: int) -> pa.Table:
        """
        The buckets of a level that touch [from_ns, to_ns].
        """
        wanted = [
            index
            for index, (of, start_ns, end_ns) in enumerate(self._groups)
            if of == level and start_ns <= to_ns and end_ns >= from_ns
        ]
        table = self._file.read_row_groups(wanted, columns=BUCKETS.names) if wanted else BUCKETS.empty_table()
        return touching(table, "start_ns", "end_ns", from_ns, to_ns)


def _groups(metadata: Any) -> Iterator[tuple[int, int, int]]:
    """
    Each row group's level, beginning and end.
    """
    at = [_FILE.get_field_index(name) for name in ("level", "start_ns", "end_ns")]
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        level, start, end = (group.column(index).statistics for index in at)
        yield level.max, start.min, end.max


@lru_cache(maxsize=8)
def _numbers(size: int, chunks: int) -> pa.Array:
    """
    The number of the bucket that each of so many rows goes into.
    """
    return pa.array(array("i", (row // size for row in range(chunks * CHUNK))), pa.int32())
