"""
The log beside a run: it never gets in the way, and what it could not keep is told, to the last sample.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.trace import Code, Sample, Scale
from harness.store.trace_about import FOLDER, STREAM, trace_path
from harness.store.trace_file import open_traces
from harness.store.trace_lane import Lane
from harness.store.trace_log import TraceLog
from harness.store.trace_raw import Raw
from harness.store.trace_stream import StreamWriter
from tests.store.test_events import disk_with_room_for
from tests.store.traced import ABOUT, METER, METERED, SCALE, conversions, in_order, log, only, sample, steady, told_of


def make(run: Path, *, virtual: bool = True) -> TraceLog:
    return TraceLog(run, run_id="a-run", rig="lab", meters={METER: METERED}, virtual=virtual)


def trace_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "crashbench-trace"]


class Disk:
    """
    A writer on a disk that refuses some writes (those whose turn is False), or keeps a thread waiting.
    """

    def __init__(self, accepts: Iterator[bool] | None = None) -> None:
        self.rows: list[Sample] = []
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.is_asked = threading.Event()
        self._accepts = accepts

    def begin(self) -> None:
        pass

    def append(self, scale: Scale, samples: Raw) -> None:
        self.is_asked.set()
        assert self.goes_on.wait(10)
        if self._accepts is not None and not next(self._accepts, True):
            raise OSError(28, "No space left on device")
        self.rows += samples

    def close(self) -> None:
        pass


def accounted(rows: Sequence[Sample]) -> int:
    return conversions((row.seq, Code(row.code), row.missed) for row in rows)


@pytest.mark.parametrize("virtual", [True, False])
def test_what_was_taken_is_in_the_trace(tmp_path: Path, virtual: bool) -> None:
    log(tmp_path, steady(0, 3000), steady(3000, 9000), virtual=virtual)

    assert [seq for seq, _, _ in told_of(only(tmp_path))] == list(range(9000))
    assert trace_threads() == []


def test_in_virtual_time_there_is_no_thread_and_the_same_samples_are_the_same_bytes(tmp_path: Path) -> None:
    before = threading.active_count()
    one = make(tmp_path / "run")
    assert threading.active_count() == before
    one.close()
    first = log(tmp_path / "run", steady(0, 5000), steady(5000, 9999)).read_bytes()

    assert log(tmp_path / "run", steady(0, 5000), steady(5000, 9999)).read_bytes() == first


def test_a_virtual_run_leaves_nothing_of_an_earlier_one_of_its_name(tmp_path: Path) -> None:
    log(tmp_path, steady(0, 10))
    TraceLog(tmp_path, run_id="a-run", rig="sim", meters={}, virtual=True).close()

    assert open_traces(tmp_path) == {}


def test_a_new_scale_begins_a_new_block(tmp_path: Path) -> None:
    trace = make(tmp_path)
    for number, scale in enumerate((SCALE, SCALE, Scale(4e-3, 1e-3), SCALE)):
        trace.take(METER, scale, [sample(number)])
    trace.close()

    tables = list(only(tmp_path).rows(0, 10**9))
    assert [table["bus_lsb_v"].to_pylist() for table in tables] == [[1.25e-3, 1.25e-3], [4e-3], [1.25e-3]]
    assert [round(v, 6) for table in tables for v in table["bus_v"].to_pylist()] == [5.0, 5.0, 16.0, 5.0]


@given(in_order(most=40), st.integers(1, 20), st.lists(st.booleans(), max_size=12))
def test_every_conversion_is_in_the_trace_or_in_one_of_its_gaps(
    rows: list[Sample], at_a_time: int, turns: list[bool]
) -> None:
    disk = Disk(iter(turns))
    lane = Lane(METER, disk, room=1000)
    for first in range(0, len(rows), at_a_time):
        lane.take(SCALE, rows[first : first + at_a_time])
        lane.flush()
    for _ in turns:
        lane.close()  # until the disk has room again

    assert accounted(disk.rows) == accounted(rows)
    assert lane.lost <= accounted(rows)
    assert [row.seq for row in disk.rows] == sorted(row.seq for row in disk.rows)


@given(
    st.lists(st.tuples(st.integers(1, 20), st.booleans(), st.booleans()), max_size=30),
    st.lists(st.booleans()),
    st.integers(0, 25),
)
def test_what_is_lost_is_counted_once_whatever_it_was_lost_to(
    turns: list[tuple[int, bool, bool]], accepts: list[bool], room: int
) -> None:
    """
    To a disk that refuses, one that is too slow, and a number that fits no column, one after the other.
    """
    disk, taken = Disk(iter(accepts)), 0
    lane = Lane(METER, disk, room=room)
    for count, fits, flushes in turns:
        rows = steady(taken, taken + count)
        lane.take(SCALE, rows if fits else [*rows[:-1], rows[-1]._replace(bus=2**31)])
        taken += count
        if flushes:
            lane.flush()
    for _ in accepts:
        lane.flush()
    lane.close()

    kept = sum(row.code == Code.OK for row in disk.rows)
    assert lane.lost == taken - kept
    assert bool(lane.problem) == bool(lane.lost)


def test_a_disk_that_is_stuck_never_stops_the_sampler() -> None:
    disk = Disk()
    lane = Lane(METER, disk, room=100)
    disk.goes_on.clear()
    lane.take(SCALE, steady(0, 10))
    writer = threading.Thread(target=lane.flush)
    writer.start()
    assert disk.is_asked.wait(10)

    for first in range(10, 1010, 10):
        lane.take(SCALE, steady(first, first + 10))  # would hang here for ever
    assert lane.rows <= 101
    disk.goes_on.set()
    writer.join()
    lane.flush()
    lane.take(SCALE, steady(1010, 1020))
    lane.flush()

    assert lane.lost == 900
    assert lane.problem == "the disk is too slow"
    (gap,) = [row for row in disk.rows if row.code == Code.GAP]
    assert gap == Sample(110, 110 * 10**6, 1010 * 10**6, 0, 0, Code.GAP, 900)
    assert disk.rows == [*steady(0, 110), gap, *steady(1010, 1020)]


def test_a_disk_that_stays_stuck_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.store.trace_log._PATIENCE_S", 0.1)
    monkeypatch.setattr("harness.store.trace_log._FLUSH_S", 0.01)
    trace = make(tmp_path, virtual=False)
    disk = Disk()
    disk.goes_on.clear()
    trace._lanes[METER]._writer = disk
    trace.take(METER, SCALE, steady(0, 10))
    assert disk.is_asked.wait(10)
    trace.take(METER, SCALE, steady(10, 15))

    assert trace.close() == ("trace of monitor: 15 samples lost: the disk is stuck",)
    disk.goes_on.set()


def test_a_full_disk_is_told_with_what_was_lost(tmp_path: Path) -> None:
    trace = make(tmp_path)
    trace.take(METER, SCALE, steady(0, 5000))
    with disk_with_room_for(trace_path(tmp_path, METER, STREAM).stat().st_size + 1000):
        trace.take(METER, SCALE, steady(5000, 10_000))
        trace.take(METER, SCALE, steady(10_000, 15_000))
        assert trace.close() == ("trace of monitor: 10,000 samples lost: File too large",)

    # The gap, a single row, still found room: the trace itself says what it lacks.
    assert told_of(only(tmp_path))[4999:] == [(4999, Code.OK, 0), (5000, Code.GAP, 10_000)]


def test_a_disk_with_room_again_is_written_to_again(tmp_path: Path) -> None:
    trace = make(tmp_path)
    trace.take(METER, SCALE, steady(0, 5000))
    with disk_with_room_for(trace_path(tmp_path, METER, STREAM).stat().st_size):
        trace.take(METER, SCALE, steady(5000, 10_000))
    trace.take(METER, SCALE, steady(10_000, 15_000))

    assert trace.close() == ("trace of monitor: 5,000 samples lost: File too large",)
    assert told_of(only(tmp_path))[4999:5002] == [(4999, Code.OK, 0), (5000, Code.GAP, 5000), (10_000, Code.OK, 0)]
    assert "5,000 of 15,000 are missing" in only(tmp_path).told


def test_a_device_that_takes_nothing_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    trace_path(tmp_path, METER, STREAM).symlink_to("/dev/full")
    trace = make(tmp_path, virtual=False)
    trace.take(METER, SCALE, steady(0, 1234))

    assert trace.notes == ("trace of monitor: No space left on device",)
    assert trace.close() == ("trace of monitor: 1,234 samples lost: No space left on device",)


@pytest.mark.parametrize("virtual", [True, False])
def test_a_folder_that_cannot_be_made_is_told_at_once(tmp_path: Path, virtual: bool) -> None:
    (tmp_path / FOLDER).write_text("in the way")
    trace = make(tmp_path, virtual=virtual)
    trace.take(METER, SCALE, steady(0, 5000))

    (note,) = trace.notes
    assert note.startswith("trace of monitor: ")
    assert trace.close() == (f"trace of monitor: 5,000 samples lost: {note.removeprefix('trace of monitor: ')}",)


def test_a_number_that_fits_no_register_is_lost_and_told(tmp_path: Path) -> None:
    trace = make(tmp_path)
    trace.take(METER, SCALE, [sample(0, bus=2**31)])
    (problem,) = trace.close()

    assert problem.startswith("trace of monitor: 1 samples lost: ")
    assert told_of(only(tmp_path)) == [(0, Code.GAP, 1)]


def test_without_pyarrow_a_run_works_and_says_once_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "harness.store.trace_stream")
    trace = make(tmp_path, virtual=False)
    trace.take(METER, SCALE, steady(0, 10))

    (note,) = trace.notes
    assert "pip install 'crashbench[trace]'" in note
    assert trace.close() == ()
    assert list(tmp_path.iterdir()) == []


def test_a_meter_that_nobody_announced_is_not_in_the_way(tmp_path: Path) -> None:
    trace = make(tmp_path)
    trace.take("other", SCALE, steady(0, 10))

    assert trace.close() == ()
    assert open_traces(tmp_path) == {}


def test_a_meters_name_may_be_anything(tmp_path: Path) -> None:
    name = "../a b/%.arrows"
    trace = TraceLog(tmp_path, run_id="a-run", rig="lab", meters={name: METERED}, virtual=True)
    trace.take(name, SCALE, steady(0, 10))
    trace.close()

    assert list(open_traces(tmp_path)) == [name]
    assert [path.parent for path in tmp_path.rglob("*.arrows")] == [tmp_path / FOLDER]


def test_a_stream_that_cannot_be_mended_ends(tmp_path: Path) -> None:
    (tmp_path / "full").symlink_to("/dev/full")
    writer = StreamWriter(tmp_path / "full", ABOUT)
    for _ in range(2):
        with pytest.raises(OSError, match="No space left"):
            writer.append(SCALE, Raw(steady(0, 1)))
    writer.close()
