"""
The traces of a run in formats that others read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError, nearest
from .events import read
from .record import load_folder
from .trace_file import open_traces
from .trace_marks import instants_of, phases_of

if TYPE_CHECKING:
    from .trace_reading import RecordedTrace

Traces = Mapping[str, "RecordedTrace"]


def export(run: Path, format_name: str, meter: str | None = None) -> Iterator[bytes]:
    """
    The traces of the run in that folder as csv, parquet or vcd, piece by piece; of one meter, if it is named.

    Raises UsageError for an unknown format or meter, or when there is no trace, before the first piece; RecordError.
    """
    if format_name not in FORMATS:
        raise UsageError(f"unknown format '{format_name}'; {nearest(format_name, FORMATS)}", key="--format")
    return FORMATS[format_name](run, chosen(run, meter))


def chosen(run: Path, meter: str | None = None) -> dict[str, RecordedTrace]:
    """
    The traces of the run in that folder, at least one. Raises UsageError, RecordError.
    """
    traces = open_traces(run)
    if not traces:
        raise UsageError(f"run '{run.name}' has no trace: none was recorded", key="trace")
    if meter is None:
        return traces
    if meter not in traces:
        raise UsageError(f"no trace of '{meter}'; {nearest(meter, traces, what='trace')}", key="--meter")
    return {meter: traces[meter]}


def _csv(_: Path, traces: Traces) -> Iterator[bytes]:
    from .trace_columns import csv

    return csv(traces)


def _parquet(run: Path, traces: Traces) -> Iterator[bytes]:
    from .trace_columns import parquet

    return parquet(traces, instants_of(load_folder(run)))


def _vcd(run: Path, traces: Traces) -> Iterator[bytes]:
    from .trace_vcd import vcd

    return vcd(traces, instants_of(load_folder(run)), list(phases_of(read(run))))


FORMATS: dict[str, Callable[[Path, Traces], Iterator[bytes]]] = {"csv": _csv, "parquet": _parquet, "vcd": _vcd}
