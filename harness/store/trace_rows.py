"""
The rows of a trace as they are read: volts and amperes beside the registers that they came from.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from ..model.trace import Code, Samples, Scale
from .trace_about import Extent

# Rows that are worked on together: some megabytes, whatever the length of the trace.
CHUNK = 1 << 17


def _unit(name: str, kind: pa.DataType, unit: str, *, nullable: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=nullable, metadata={"unit": unit} if unit else None)


# A voltage or current is null where the row's code is not OK: what could not be measured is not a number.
ROWS = pa.schema(
    [
        _unit("seq", pa.int64(), ""),
        _unit("earliest_ns", pa.int64(), "ns"),
        _unit("latest_ns", pa.int64(), "ns"),
        _unit("bus_v", pa.float64(), "V", nullable=True),
        _unit("current_a", pa.float64(), "A", nullable=True),
        _unit("code", pa.int8(), ""),
        _unit("missed", pa.int32(), "conversions"),
        _unit("bus", pa.int32(), "bus_lsb_v"),
        _unit("current", pa.int32(), "current_lsb_a"),
        _unit("bus_lsb_v", pa.float64(), "V"),
        _unit("current_lsb_a", pa.float64(), "A"),
    ]
)


def tables(blocks: Iterable[tuple[Scale, pa.RecordBatch]]) -> Iterator[pa.Table]:
    """
    The rows of a stream's blocks, some 100,000 at a time.
    """
    held: list[pa.RecordBatch] = []
    held_scale, rows = None, 0
    for scale, batch in blocks:
        if held_scale is not None and (scale != held_scale or rows + len(batch) > CHUNK):
            yield _decoded(held_scale, held)
            held, rows = [], 0
        held.append(batch)
        held_scale, rows = scale, rows + len(batch)
    if held_scale is not None:
        yield _decoded(held_scale, held)


def extent(rows: pa.Table) -> Extent:
    """
    How much of a trace these rows are.
    """
    if not len(rows):
        return Extent()
    return Extent(
        first_ns=pc.min(rows["earliest_ns"]).as_py(),
        last_ns=pc.max(rows["latest_ns"]).as_py(),
        rows=len(rows),
        good=len(rows) - rows["bus_v"].null_count,
        overflowed=pc.sum(pc.equal(rows["code"], int(Code.OVERFLOW))).as_py(),
        missed=pc.sum(rows["missed"]).as_py(),
    )


def touching(rows: pa.Table, start: str, end: str, from_ns: int, to_ns: int) -> pa.Table:
    """
    The rows whose interval touches [from_ns, to_ns].
    """
    if not len(rows):
        return rows
    if pc.min(rows[end]).as_py() >= from_ns and pc.max(rows[start]).as_py() <= to_ns:
        return rows
    return rows.filter(pc.and_(pc.greater_equal(rows[end], from_ns), pc.less_equal(rows[start], to_ns)))


def samples(rows: Iterable[pa.Table]) -> Samples:
    """
    The same in the columns that the rest of the package works on.
    """
    taken = Samples()
    for table in rows:
        for name in ("earliest_ns", "latest_ns", "bus_v", "current_a", "code"):
            column(table, name, getattr(taken, name), 0)
    return taken


def column(table: pa.Table, name: str, into: array, instead: float) -> array:  # type: ignore[type-arg]
    """
    Appends a column to an array of the same type, with `instead` for what is null, and gives it back.
    """
    for chunk in pc.fill_null(table[name], instead).chunks if table[name].null_count else table[name].chunks:
        width = chunk.type.byte_width
        into.frombytes(memoryview(chunk.buffers()[1])[chunk.offset * width : (chunk.offset + len(chunk)) * width])
    return into


def _decoded(scale: Scale, batches: list[pa.RecordBatch]) -> pa.Table:
    raw = pa.Table.from_batches(batches).combine_chunks()
    is_ok = pc.equal(raw["code"], int(Code.OK))
    columns = {name: raw[name] for name in raw.column_names}
    for name, code, lsb in (("bus_v", "bus", scale.bus_lsb_v), ("current_a", "current", scale.current_lsb_a)):
        measured = pc.multiply(pc.cast(raw[code], pa.float64()), lsb)
        columns[name] = pc.if_else(is_ok, measured, pa.scalar(None, pa.float64()))
    columns["bus_lsb_v"] = pa.repeat(scale.bus_lsb_v, len(raw))
    columns["current_lsb_a"] = pa.repeat(scale.current_lsb_a, len(raw))
    return pa.table([columns[name] for name in ROWS.names], schema=ROWS)
