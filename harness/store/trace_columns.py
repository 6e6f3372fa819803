"""
Traces as tables for others: CSV, and Parquet with every meter in one file.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from ..model.trace import Code
from .trace_marks import Mark
from .trace_pack import RowsWriter
from .trace_rows import ROWS

if TYPE_CHECKING:
    from .trace_reading import RecordedTrace

_ALWAYS_NS = (-(2**63), 2**63 - 1)

# No meter resolves a billionth of a volt or ampere; what a float says beyond is noise.
_LEAST = 1e9

_CSV = ("meter", "seq", "earliest_ns", "latest_ns", "bus_v", "current_a", "flag", "missed")
_TO_QUOTE = frozenset('",\r\n')
_FLAGS = [code.name.lower() for code in Code]
_METER = pa.field("meter", pa.string(), nullable=False)


def csv(traces: Mapping[str, RecordedTrace]) -> Iterator[bytes]:
    """
    One row per sample, meter after meter, units in the header's names. What was not measured is empty, and the flag
    says why; a gap is a row, and `missed` how many conversions it stands for.
    """
    yield ",".join(_CSV).encode() + b"\n"
    for meter, trace in traces.items():
        # Arrow quotes every word, or none.
        quoting = "needed" if _TO_QUOTE.intersection(meter) else "none"
        options = arrow_csv.WriteOptions(include_header=False, quoting_style=quoting)
        for rows in trace.rows(*_ALWAYS_NS):
            piece = io.BytesIO()
            arrow_csv.write_csv(_words(meter, rows), piece, options)
            yield piece.getvalue()


def parquet(traces: Mapping[str, RecordedTrace], marks: Sequence[Mark]) -> Iterator[bytes]:
    """
    Every row with its registers and what they mean, and a first column with the meter.
    """
    sink = _Sink()
    schema = pa.schema([_METER, *ROWS])
    file = RowsWriter(sink, schema)
    for meter, trace in traces.items():
        for rows in trace.rows(*_ALWAYS_NS):
            file.push(trace.about, rows.add_column(0, _METER, pa.repeat(meter, len(rows))))
            yield sink.taken()
    file.close(marks)
    yield sink.taken()


def _words(meter: str, rows: pa.Table) -> pa.Table:
    columns = {name: rows[name] for name in rows.column_names if name in _CSV}
    for name in ("bus_v", "current_a"):
        # Dividing gives the float that is nearest to the decimal number; adding 0 turns a rounded -0 into 0.
        columns[name] = pc.add(pc.divide(pc.round(pc.multiply(rows[name], _LEAST)), _LEAST), 0.0)
    columns["meter"] = pa.repeat(meter, len(rows))
    columns["flag"] = pa.array(_FLAGS).take(rows["code"])
    return pa.table({name: columns[name] for name in _CSV})


class _Sink(io.RawIOBase):
    """
    A file that is carried off as it grows.
    """

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self._held += piece
        return len(piece)

    def taken(self) -> bytes:
        """
        What was written since this was asked last.
        """
        taken = bytes(self._held)
        self._held.clear()
        return taken
