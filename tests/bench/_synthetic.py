"""
Long traces of a made-up rail, built by the trace's own writers.
"""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from harness.model.trace import Code
from harness.store.pyramid import PyramidWriter
from harness.store.trace_about import CLOSED, PYRAMID, About, trace_path
from harness.store.trace_pack import RowsWriter
from harness.store.trace_rows import CHUNK, ROWS

ABOUT = About(run="synthetic", rig="bench", meter="monitor", kind="ina226", asked_per_s=1000.0)
_MS = 1_000_000
_BUS_LSB_V, _CURRENT_LSB_A = 1.25e-3, 2.5e-5


def build(run: Path, samples: int) -> None:
    """
    A closed trace of at least so many samples, one a millisecond, with a dip now and then.
    """
    trace_path(run, ABOUT.meter, "").parent.mkdir(parents=True)
    rows_path, pyramid_path = (trace_path(run, ABOUT.meter, ending) for ending in (CLOSED, PYRAMID))
    with rows_path.open("wb") as rows_file, pyramid_path.open("wb") as pyramid_file:
        rows, far = RowsWriter(rows_file), PyramidWriter(pyramid_file)
        for table in _tables(-(-samples // CHUNK)):
            rows.push(ABOUT, table)
            far.push(table)
        rows.close([])
        far.close()


def _tables(count: int) -> Iterator[pa.Table]:
    """
    The same two minutes again and again, each time later.
    """
    first = _first()
    for number in range(count):
        columns = {name: first[name] for name in ROWS.names}
        columns["seq"] = pc.add(columns["seq"], number * CHUNK)
        for name in ("earliest_ns", "latest_ns"):
            columns[name] = pc.add(columns[name], number * CHUNK * _MS)
        yield pa.table([columns[name] for name in ROWS.names], schema=ROWS)


def _first() -> pa.Table:
    # Noise of some LSB on a slow ripple, a jitter of 50 µs, and every 100,000th sample without a voltage.
    dice = random.Random(1)
    noise = (dice.randint(-2, 2) + round(3 * math.sin(n / 500)) for n in range(CHUNK))
    bus = array("i", (0 if n % 100_000 == 99_999 else 4000 + some for n, some in enumerate(noise)))
    current = array("i", (18_000 + dice.randint(-20, 20) for _ in range(CHUNK)))
    earliest_ns = array("q", (n * _MS + dice.randint(0, 50_000) for n in range(CHUNK)))
    return pa.table(
        {
            "seq": pa.array(range(CHUNK), pa.int64()),
            "earliest_ns": earliest_ns,
            "latest_ns": pc.add(pa.array(earliest_ns), 1_100_000),
            "bus_v": pc.multiply(pc.cast(pa.array(bus), pa.float64()), _BUS_LSB_V),
            "current_a": pc.multiply(pc.cast(pa.array(current), pa.float64()), _CURRENT_LSB_A),
            "code": pa.repeat(pa.scalar(int(Code.OK), pa.int8()), CHUNK),
            "missed": pa.repeat(pa.scalar(0, pa.int32()), CHUNK),
            "bus": bus,
            "current": current,
            "bus_lsb_v": pa.repeat(_BUS_LSB_V, CHUNK),
            "current_lsb_a": pa.repeat(_CURRENT_LSB_A, CHUNK),
        },
        schema=ROWS,
    )
