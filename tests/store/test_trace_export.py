"""
Traces for others: every sample and every gap, in formats that they can read.
"""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from harness.errors import UsageError
from harness.model.event import Event, Kind
from harness.model.instant import Instant
from harness.model.trace import Code, Sample
from harness.store.events import EventLog
from harness.store.trace_export import export
from harness.store.trace_file import close_traces
from harness.store.trace_log import TraceLog
from harness.store.trace_marks import Mark, instants_of, phases_of
from tests.store import recorded
from tests.store.traced import METER, METERED, MS, SCALE, log, sample, steady
from tests.store.vcd_parser import Dump, parse

NS = 10**9
RUN = recorded.held()

ROWS = [
    Sample(1, 0, MS, 4001, 1000),
    Sample(2, 500_000, 2 * MS, 3999, -3),
    Sample(3, 2 * MS, 9 * MS, 0, 0, Code.GAP, 6),
    Sample(9, 9 * MS, 10 * MS, 0, 0, Code.OVERFLOW),
    Sample(10, 10 * MS, 12 * MS, 0, 0, Code.RESET, 2),
    Sample(12, 12 * MS, 13 * MS, 0, 0),
]

CSV = """\
meter,seq,earliest_ns,latest_ns,bus_v,current_a,flag,missed
monitor,1,0,1000000,5.00125,0.025,ok,0
monitor,2,500000,2000000,4.99875,-0.000075,ok,0
monitor,3,2000000,9000000,,,gap,6
monitor,9,9000000,10000000,,,overflow,0
monitor,10,10000000,12000000,,,reset,2
monitor,12,12000000,13000000,0,0,ok,0
"""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """
    A run with its record and a trace, as it is while it goes on.
    """
    folder = recorded.write(tmp_path, RUN)
    log(folder, ROWS[:3], ROWS[3:])
    return folder


def exported(run: Path, format_name: str, meter: str | None = None) -> bytes:
    return b"".join(export(run, format_name, meter))


def test_csv_has_units_in_its_header_flags_as_words_and_gaps_as_rows(run: Path) -> None:
    assert exported(run, "csv").decode() == CSV


@pytest.mark.parametrize("format_name", ["csv", "parquet", "vcd"])
def test_a_run_that_goes_on_is_exported_like_one_that_has_ended(run: Path, format_name: str) -> None:
    growing = exported(run, format_name)
    assert close_traces(run, RUN) == []

    assert exported(run, format_name) == growing


def test_the_same_samples_are_the_same_bytes(tmp_path: Path) -> None:
    samples = steady(0, 9999)
    told = []
    for cut in (1, 5000, 9998):
        run = recorded.write(tmp_path / str(cut), RUN)
        log(run, samples[:cut], samples[cut:])
        told.append(exported(run, "csv"))

    assert told[0] == told[1] == told[2]


def test_every_meter_is_there_and_each_by_name(run: Path) -> None:
    names = ["a,b", METER]
    trace = TraceLog(run, run_id="a-run", rig="lab", meters=dict.fromkeys(names, METERED), virtual=True)
    for name in names:
        trace.take(name, SCALE, steady(0, 3))
    trace.close()

    rows = list(csv.DictReader(io.StringIO(exported(run, "csv").decode())))
    assert [row["meter"] for row in rows] == ["a,b"] * 3 + [METER] * 3
    assert [row["meter"] for row in csv.DictReader(io.StringIO(exported(run, "csv", METER).decode()))] == [METER] * 3
    assert {name for name in dump(run).types if name.endswith("bus_v")} == {"a_b.bus_v", "monitor.bus_v"}
    assert pq.read_table(io.BytesIO(exported(run, "parquet")))["meter"].unique().to_pylist() == names


def test_parquet_has_the_registers_and_what_they_mean(run: Path) -> None:
    file = pq.ParquetFile(io.BytesIO(exported(run, "parquet")))
    table = file.read()

    assert table["bus"].to_pylist() == [4001, 3999, 0, 0, 0, 0]
    assert table["bus_v"].to_pylist() == [4001 * 1.25e-3, 3999 * 1.25e-3, None, None, None, 0.0]
    assert table["current_a"].to_pylist() == [1000 * 2.5e-5, -3 * 2.5e-5, None, None, None, 0.0]
    assert table.schema.field("bus_v").metadata[b"unit"] == b"V"
    assert b"fault_commanded" in file.metadata.metadata[b"crashbench"]


def dump(run: Path) -> Dump:
    return parse(exported(run, "vcd").decode("ascii"))


def test_a_dump_says_what_the_rail_was_and_when_nobody_knows(run: Path) -> None:
    told = dump(run)

    assert told.timescale == "1 ns"
    assert told.types["monitor.bus_v"] == ("real", 64)
    assert told.at("monitor.bus_v", MS) == 5.00125
    assert told.at("monitor.current_a", 2 * MS - 1) == 0.025
    assert told.at("monitor.current_a", 2 * MS) != 0.025
    assert math.isnan(float(told.at("monitor.bus_v", 5 * MS)))
    flags = [(at, int(str(value), 2)) for at, value in told.changes["monitor.flag"] if value != "xxx"]
    assert flags == [
        (MS, Code.OK),
        (2 * MS, Code.GAP),
        (9 * MS, Code.OVERFLOW),
        (10 * MS, Code.RESET),
        (13 * MS, Code.OK),
    ]


def test_instants_are_wires_as_wide_as_their_error(run: Path) -> None:
    told = dump(run)

    assert told.changes["instants.ready"] == [(0, "0"), (9 * NS, "1"), (9 * NS + 1000, "0")]
    assert told.types["instants.fault_commanded"] == ("wire", 1)


def test_time_in_a_dump_begins_with_the_first_that_is_known_of_the_run(tmp_path: Path) -> None:
    run = recorded.write(tmp_path, RUN)
    log(run, [sample(3_000, bus=4000), sample(20_000, bus=0)])
    told = dump(run)

    assert told.comments[0].startswith(f"0 is {3 * NS} ns on the bench clock")
    assert told.at("monitor.bus_v", MS) == 5.0
    assert told.at("instants.ready", 6 * NS) == "1"
    assert told.end == 17 * NS + MS


def test_phases_are_wires_also_of_a_run_that_was_killed(tmp_path: Path) -> None:
    phases = [("settle", 2), ("inject", 5), ("observe", 6), ("observe", 8)]
    with EventLog(tmp_path / "run", virtual=True) as record:
        for event in recorded.events_of(RUN, end=False):
            if event.kind is not Kind.TRIAL_ENDED:
                record(event)
        for name, at_s in phases:
            record(Event(kind=Kind.PHASE, at=Instant.exactly(at_s * NS), trial=0, subject=name))
        record(Event(kind=Kind.READY, at=Instant(10 * NS, 11 * NS), trial=0))
    log(tmp_path / "run", [sample(0, bus=0)])
    told = dump(tmp_path / "run")

    assert told.changes["phases.settle"] == [(0, "0"), (2 * NS, "1"), (5 * NS, "0")]
    assert told.changes["phases.observe"] == [(0, "0"), (6 * NS, "1"), (11 * NS, "0")]


def test_marks_are_the_instants_that_were_seen() -> None:
    assert instants_of(RUN) == [
        Mark("fault_commanded", 1, 5 * NS, 5 * NS + 1000),
        Mark("ready", 1, 9 * NS, 9 * NS + 1000),
    ]
    assert list(phases_of([])) == []


def test_what_cannot_be_exported_is_told(tmp_path: Path, run: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'parquet'"):
        export(run, "parket")
    with pytest.raises(UsageError, match="did you mean 'monitor'"):
        export(run, "csv", "moniter")
    with pytest.raises(UsageError, match="run 'none' has no trace"):
        export(recorded.write(tmp_path, recorded.held("none")), "csv")
