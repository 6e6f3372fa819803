"""
Traces as they are read: the same numbers from a stream and from a closed file, near and far.
"""

from __future__ import annotations

import json
import math
import statistics
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import RecordError, UsageError
from harness.model.instant import Instant
from harness.model.trace import Code, Overview, Sample, Samples
from harness.store import pyramid, trace_rows
from harness.store.trace_about import CLOSED, PYRAMID, STREAM, trace_path
from harness.store.trace_file import close_traces, open_traces
from harness.store.trace_raw import Raw
from harness.store.trace_stream import StreamReader, StreamWriter
from tests.store import recorded
from tests.store.traced import ABOUT, ALWAYS, METER, MS, SCALE, in_order, is_closed, log, only, sample, steady, told_of

a_folder_each = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

RUN = recorded.held()


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Few rows at a time, so that a short trace has many pieces, row groups and levels.
    """
    monkeypatch.setattr(pyramid, "FACTOR", 4)
    monkeypatch.setattr(pyramid, "_GROUP", 8)
    monkeypatch.setattr(trace_rows, "CHUNK", 16)
    pyramid._numbers.cache_clear()


def close(run: Path) -> None:
    assert close_traces(run, RUN) == []
    assert is_closed(run)


def take_away_arrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for module in ("trace_reading", "trace_pack"):
        monkeypatch.delitem(sys.modules, f"harness.store.{module}")


def truth(rows: list[Sample]) -> Samples:
    samples = Samples()
    samples.add(rows, SCALE)
    for index, code in enumerate(samples.code):
        if code != Code.OK:
            samples.bus_v[index] = samples.current_a[index] = 0.0
    return samples


def touching(rows: list[Sample], from_ns: int, to_ns: int) -> list[Sample]:
    return [row for row in rows if row.latest_ns >= from_ns and row.earliest_ns <= to_ns]


@pytest.mark.long
@given(in_order(), st.booleans(), st.data())
@a_folder_each
def test_samples_are_those_that_touch_a_stretch(
    small_pieces: None, tmp_path_factory: pytest.TempPathFactory, rows: list[Sample], is_over: bool, data: st.DataObject
) -> None:
    run = tmp_path_factory.mktemp("run")
    log(run, rows)
    if is_over:
        close(run)
    times = st.integers(rows[0].earliest_ns - MS, rows[-1].latest_ns + MS)
    from_ns, to_ns = sorted((data.draw(times), data.draw(times)))

    assert only(run).samples(from_ns, to_ns) == truth(touching(rows, from_ns, to_ns))


@pytest.mark.long
@given(in_order(), st.booleans(), st.integers(1, 300), st.data())
@a_folder_each
def test_an_overview_leaves_nothing_out_and_makes_nothing_up(
    small_pieces: None,
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[Sample],
    is_over: bool,
    points: int,
    data: st.DataObject,
) -> None:
    run = tmp_path_factory.mktemp("run")
    log(run, rows)
    if is_over:
        close(run)
    times = st.integers(rows[0].earliest_ns - MS, rows[-1].latest_ns + MS)
    from_ns, to_ns = sorted((data.draw(times), data.draw(times)))
    seen = only(run).overview(from_ns, to_ns, points)

    assert len(seen.start_ns) <= points
    held = held_by(seen, rows)
    assert [row for row in held if row in touching(rows, from_ns, to_ns)] == touching(rows, from_ns, to_ns)


def held_by(seen: Overview, rows: list[Sample]) -> list[Sample]:
    """
    The rows that the buckets of an overview stand for, having checked that each bucket tells the truth of its own.
    """
    number = {row.earliest_ns: index for index, row in enumerate(rows)}
    held: list[Sample] = []
    for bucket in zip(*seen, strict=True):
        start_ns, end_ns, *told, missing = bucket
        inside = [row for row in rows[number[start_ns] :] if row.latest_ns <= end_ns]
        assert inside[-1].latest_ns == end_ns
        assert missing == sum(row.missed for row in inside)
        assert told == pytest.approx(quantities_of(inside), rel=1e-9, abs=1e-6, nan_ok=True)
        held += inside
    return held


def quantities_of(rows: list[Sample]) -> list[float]:
    """
    The least, mean and greatest voltage and current of the good ones among these rows.
    """
    good = [row for row in rows if row.code == Code.OK]
    volts, amperes = [row.bus * SCALE.bus_lsb_v for row in good], [row.current * SCALE.current_lsb_a for row in good]
    if not good:
        return [math.nan] * 6
    return [f(values) for values in (volts, amperes) for f in (min, statistics.fmean, max)]


def test_a_short_stretch_is_told_sample_by_sample(tmp_path: Path) -> None:
    rows = [*steady(0, 10_000), sample(10_000, bus=-3), *steady(10_001, 30_000)]
    log(tmp_path, rows)
    close(tmp_path)
    seen = only(tmp_path).overview(9_990 * MS, 10_010 * MS, 500)

    near = touching(rows, 9_990 * MS, 10_010 * MS)
    assert list(seen.start_ns) == [row.earliest_ns for row in near]
    assert list(seen.bus_v_min) == list(seen.bus_v_mean) == list(seen.bus_v_max) == list(truth(near).bus_v)


@pytest.mark.long
def test_a_dip_of_one_sample_shows_from_any_distance(tmp_path: Path) -> None:
    log(tmp_path, steady(0, 25_000), [sample(25_000, bus=-3)], steady(25_001, 50_000))
    for _ in range(2):
        trace = only(tmp_path)
        for points in (1, 7, 500, 20_000):
            seen = trace.overview(*ALWAYS, points)
            assert points / pyramid.FACTOR <= len(seen.start_ns) <= points
            at = seen.bus_v_min.index(-3 * SCALE.bus_lsb_v)
            assert seen.start_ns[at] <= 25_000 * MS <= seen.end_ns[at]
        close(tmp_path)


@pytest.mark.long
def test_from_far_away_only_the_coarsest_level_that_suffices_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log(tmp_path, steady(0, 110_000))
    close(tmp_path)
    trace = only(tmp_path)
    read: list[int] = []
    level = pyramid.Pyramid.level
    monkeypatch.setattr(
        pyramid.Pyramid, "level", lambda self, *of: (read.append(len(table := level(self, *of))), table)[1]
    )
    monkeypatch.setattr(trace, "rows", None)  # the samples themselves are out of reach

    assert len(trace.overview(*ALWAYS, 100).start_ns) <= 100
    assert read == [1, 4, 108]


@pytest.mark.long
def test_of_a_growing_trace_only_what_is_new_is_read(
    small_pieces: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = trace_path(tmp_path, METER, STREAM)
    writer = StreamWriter(stream, ABOUT)
    read: list[int] = []
    following = StreamReader.following
    monkeypatch.setattr(
        StreamReader,
        "following",
        lambda self, at: (block for block in following(self, at) if read.append(len(block[2])) is None),
    )
    for first in range(0, 1000, 10):
        writer.append(SCALE, Raw(steady(first, first + 10)))
        read.clear()
        trace = only(tmp_path)
        seen = trace.overview(*ALWAYS, 2)
        assert sum(read) <= 60  # an open piece of sixteen rows, looked at, and drawn sample by sample while it is all
        assert trace.extent.rows == first + 10
        assert (seen.start_ns[0], seen.end_ns[-1]) == (0, (first + 10) * MS)
    assert told_of(trace) == [(number, Code.OK, 0) for number in range(1000)]


def test_another_trace_in_the_place_of_one_is_read_anew(small_pieces: None, tmp_path: Path) -> None:
    stream = log(tmp_path, *(steady(first, first + 10) for first in range(0, 100, 10)))
    assert len(told_of(only(tmp_path))) == 100
    other = log(tmp_path / "other", *(steady(first, first + 10) for first in range(500, 700, 10)))
    stream.write_bytes(other.read_bytes())  # the same file, and longer
    assert [seq for seq, _, _ in told_of(only(tmp_path))] == list(range(500, 700))


def test_what_somebody_still_writes_is_not_closed(tmp_path: Path) -> None:
    writer = StreamWriter(trace_path(tmp_path, METER, STREAM), ABOUT)
    writer.append(SCALE, Raw(steady(0, 10)))
    assert close_traces(tmp_path, RUN) == []
    assert not is_closed(tmp_path)
    writer.append(SCALE, Raw(steady(10, 20)))
    writer.close()
    close(tmp_path)
    assert len(told_of(only(tmp_path))) == 20


def test_closing_keeps_every_row_and_says_what_the_file_holds(tmp_path: Path) -> None:
    rest = [sample(5000, Code.GAP, 20), sample(5020, Code.OVERFLOW), *steady(5021, 6000)]
    stream = log(tmp_path, steady(0, 5000), rest)
    growing = only(tmp_path)
    before, told, span = told_of(growing), growing.told, growing.span
    close(tmp_path)
    trace = only(tmp_path)

    assert not stream.exists()
    assert (told_of(trace), trace.told, trace.span) == (before, told, span)
    assert (trace.meter, trace.dut, trace.span) == (METER, "edge", Instant(0, 6000 * MS))
    assert trace.told == (
        "asked 1000 samples/s, reached 996.5/s; 20 of 6,000 are missing, "
        "1 of 6,000 were more than the meter can measure"
    )


def test_a_closed_file_tells_units_whose_it_is_and_marks_to_whoever_opens_it(tmp_path: Path) -> None:
    log(tmp_path, steady(0, 5000))
    close(tmp_path)
    file = pq.ParquetFile(trace_path(tmp_path, METER, CLOSED))
    units = {field.name: (field.metadata or {}).get(b"unit") for field in file.schema_arrow}
    told = json.loads(file.metadata.metadata[b"crashbench"])

    assert [units[name] for name in ("earliest_ns", "latest_ns", "bus_v", "current_a")] == [b"ns", b"ns", b"V", b"A"]
    assert told["meters"][METER] == {
        "run": tmp_path.name,
        "rig": "lab",
        "kind": "ina226",
        "dut": "edge",
        "asked_per_s": 1000.0,
        "first_ns": 0,
        "last_ns": 5000 * MS,
        "rows": 5000,
        "good": 5000,
        "overflowed": 0,
        "missed": 0,
        "reached_per_s": 1000.0,
        "scales": [{"bus_lsb_v": 1.25e-3, "current_lsb_a": 2.5e-5}],
    }
    assert told["marks"] == [
        {"name": "fault_commanded", "trial": 1, "earliest_ns": 5 * 10**9, "latest_ns": 5 * 10**9 + 1000},
        {"name": "ready", "trial": 1, "earliest_ns": 9 * 10**9, "latest_ns": 9 * 10**9 + 1000},
    ]


def test_a_torn_stream_is_closed_as_far_as_it_is_whole(tmp_path: Path) -> None:
    stream = log(tmp_path, steady(0, 4096), steady(4096, 8192))
    stream.write_bytes(stream.read_bytes()[:-100])
    close(tmp_path)

    assert len(told_of(only(tmp_path))) == 4096


@pytest.mark.parametrize("ending", [CLOSED, PYRAMID])
def test_a_stream_that_cannot_be_closed_stays_and_is_readable(tmp_path: Path, ending: str) -> None:
    stream = log(tmp_path, steady(0, 100))
    in_the_way = trace_path(tmp_path, METER, ending + ".part")
    in_the_way.mkdir()
    (told,) = close_traces(tmp_path, RUN)

    assert told.startswith("monitor.arrows: stays as it is: ")
    assert stream.exists()
    assert len(told_of(only(tmp_path))) == 100


def test_a_closing_that_was_killed_is_done_again(tmp_path: Path) -> None:
    stream = log(tmp_path, steady(0, 100))
    whole = stream.read_bytes()
    close(tmp_path)
    stream.write_bytes(whole)  # killed before the last step
    trace_path(tmp_path, METER, CLOSED + ".part").write_bytes(b"half")

    assert is_closed(tmp_path)
    close(tmp_path)
    assert [path.name for path in sorted(stream.parent.iterdir())] == ["monitor.parquet", "monitor.pyramid"]


def test_a_stream_without_a_sample_is_no_trace(tmp_path: Path) -> None:
    stream = log(tmp_path)
    assert (open_traces(tmp_path), close_traces(tmp_path, RUN)) == ({}, [])

    stream.write_bytes(b"")
    assert (open_traces(tmp_path), close_traces(tmp_path, RUN)) == ({}, [])


def test_a_run_without_traces_needs_no_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    take_away_arrow(monkeypatch)

    assert (open_traces(tmp_path), close_traces(tmp_path, RUN)) == ({}, [])


def test_traces_that_nothing_can_read_are_told_with_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log(tmp_path, steady(0, 10))
    take_away_arrow(monkeypatch)

    with pytest.raises(UsageError, match=r"pip install 'crashbench\[trace\]'"):
        open_traces(tmp_path)
    assert "pip install 'crashbench[trace]'" in close_traces(tmp_path, RUN)[0]


def test_a_file_that_is_no_trace_is_named(tmp_path: Path) -> None:
    log(tmp_path, steady(0, 10))
    trace_path(tmp_path, METER, CLOSED).write_bytes(b"nothing of ours")

    with pytest.raises(RecordError, match=r"monitor\.parquet: cannot be read"):
        open_traces(tmp_path)
    assert trace_path(tmp_path, METER, STREAM).exists()
