"""
The record on the disk: whole, in order, and honest about what is missing.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import RecordError
from harness.model.event import EPHEMERAL, Event, Kind
from harness.model.instant import Instant
from harness.store.events import FILE, EventLog, numbered, read
from tests.model import strategies


def event(kind: Kind = Kind.PROBE, **data: float) -> Event:
    return Event(kind=kind, at=Instant(1, 2), subject="health", data=data)


def record(folder: Path, events: list[Event], *, virtual: bool = True) -> Path:
    with EventLog(folder, virtual=virtual) as log:
        for one in events:
            log(one)
    return folder / FILE


@contextmanager
def disk_with_room_for(size: int) -> Iterator[None]:
    """
    No file may grow past `size` bytes: a write comes back short, and the next one fails, as on a full disk.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("virtual", [True, False])
def test_what_was_written_is_read(tmp_path: Path, virtual: bool) -> None:
    events = [event(kind) for kind in Kind if kind not in EPHEMERAL]
    record(tmp_path / "run", events, virtual=virtual)

    assert list(read(tmp_path / "run")) == events
    assert [number for number, _ in numbered(tmp_path / "run")] == list(range(1, len(events) + 1))


@given(st.lists(strategies.events, max_size=5))
@settings(max_examples=50)
def test_any_events_survive_the_record(tmp_path_factory: pytest.TempPathFactory, events: list[Event]) -> None:
    folder = tmp_path_factory.mktemp("run")
    record(folder, events)

    assert list(read(folder)) == events


def test_readings_are_shown_but_not_kept(tmp_path: Path) -> None:
    record(tmp_path, [event(Kind.READING), event()])

    assert [one.kind for one in read(tmp_path)] == [Kind.PROBE]


def test_a_line_is_json_with_its_number_and_checksum(tmp_path: Path) -> None:
    path = record(tmp_path, [event(took_s=0.25), event()])

    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["line"] for line in lines] == [1, 2]
    assert all(list(line) == ["line", "event", "crc32"] for line in lines)
    assert lines[0]["event"] == {"kind": "probe", "at": [1, 2], "subject": "health", "data": {"took_s": 0.25}}


def test_a_metric_that_is_no_number_is_kept_by_its_name(tmp_path: Path) -> None:
    strange = Event(kind=Kind.PROBE, at=Instant(1, 2), data={"metrics": {"hit_ratio": [float("nan"), 1.0, None, True]}})
    record(tmp_path, [strange])

    assert next(read(tmp_path)).data == {"metrics": {"hit_ratio": ["nan", 1.0, None, True]}}


def test_in_real_time_an_event_is_in_the_file_before_the_call_returns(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    for count in range(1, 4):
        log(event())
        assert len(list(read(tmp_path))) == count
    log.close()


def test_a_bench_that_is_killed_leaves_what_it_wrote(tmp_path: Path) -> None:
    program = f"""
import os, signal
from pathlib import Path
from harness.model.event import EPHEMERAL, Event, Kind
from harness.model.instant import Instant
from harness.store.events import EventLog
log = EventLog(Path({str(tmp_path / "run")!r}))
for n in range(3):
    log(Event(kind=Kind.PROBE, at=Instant(n, n)))
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", program], check=False, timeout=60)

    assert [one.at.earliest_ns for one in read(tmp_path / "run")] == [0, 1, 2]


# --- torn and broken records -----------------------------------------------------------------------------------------


def test_a_last_line_torn_at_any_byte_is_left_out(tmp_path: Path) -> None:
    events = [event(n=1), event(n=2), event(n=3)]
    path = record(tmp_path, events)
    whole = path.read_bytes()
    start = whole.rindex(b"\n", 0, -1) + 1

    for end in range(start, len(whole)):
        path.write_bytes(whole[:end])
        # Only the line's end is missing in the last case: all of the event is there.
        assert list(read(tmp_path)) == (events if end == len(whole) - 1 else events[:2]), end


@given(st.data())
@settings(max_examples=100)
def test_a_changed_bit_anywhere_is_named_by_its_line(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("run")
    path = record(folder, [event(n=1), event(n=2), event(n=3)])
    raw = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(raw) - 2).filter(lambda place: raw[place] != ord("\n")))
    line = raw[:at].count(b"\n") + 1
    raw[at] ^= data.draw(st.sampled_from([1 << bit for bit in range(8)]).filter(lambda bit: raw[at] ^ bit != ord("\n")))
    path.write_bytes(raw)

    with pytest.raises(RecordError, match=rf"line {line} is not what was written"):
        list(read(folder))


@pytest.mark.parametrize("missing", [0, 1])
def test_a_line_that_is_missing_is_found_by_the_next_ones_number(tmp_path: Path, missing: int) -> None:
    path = record(tmp_path, [event(n=1), event(n=2), event(n=3)])
    lines = path.read_bytes().splitlines(keepends=True)
    del lines[missing]
    path.write_bytes(b"".join(lines))

    with pytest.raises(RecordError, match=f"line {missing + 1} is not"):
        list(read(tmp_path))


def test_two_records_in_one_file_are_not_one_record(tmp_path: Path) -> None:
    path = record(tmp_path, [event(n=1), event(n=2)])
    path.write_bytes(path.read_bytes() * 2)

    with pytest.raises(RecordError, match="line 3 is not"):
        list(read(tmp_path))


def test_an_event_of_an_unknown_kind_is_another_benchs(tmp_path: Path) -> None:
    path = record(tmp_path, [event()])
    written = path.read_bytes()
    content = written[: written.index(b',"crc32"')].replace(b'"probe"', b'"brand_new"')
    path.write_bytes(content + b',"crc32":"%08x"}\n' % zlib.crc32(content))

    with pytest.raises(RecordError, match="was written by another crashbench: 'brand_new'"):
        list(read(tmp_path))


def test_no_record_is_an_error_and_an_empty_one_is_empty(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="cannot be read: No such file"):
        list(read(tmp_path))
    record(tmp_path, [])
    assert list(read(tmp_path)) == []


# --- writing twice, writing on a full disk ---------------------------------------------------------------------------


def test_a_real_run_is_never_written_over(tmp_path: Path) -> None:
    record(tmp_path, [event(n=1)], virtual=False)

    with pytest.raises(RecordError, match="there is a record already"):
        EventLog(tmp_path)
    assert list(read(tmp_path)) == [event(n=1)]


def test_a_virtual_run_replaces_its_earlier_self_and_never_mixes_with_it(tmp_path: Path) -> None:
    first, second = EventLog(tmp_path, virtual=True), EventLog(tmp_path, virtual=True)
    for log, n in ((first, 1), (second, 2), (first, 1), (second, 2)):
        log(event(n=n))
    second.close()
    first.close()

    assert list(read(tmp_path)) == [event(n=2), event(n=2)]


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(RecordError, match="cannot be made: Not a directory"):
        EventLog(tmp_path / "file" / "run")


@pytest.mark.parametrize("room", range(0, 400, 23))
def test_a_full_disk_is_reported_once_and_what_was_written_stays_whole(tmp_path: Path, room: int) -> None:
    log = EventLog(tmp_path)
    errors: list[str] = []
    with disk_with_room_for(room):
        for n in range(20):
            try:
                log(event(n=n))
            except RecordError as error:
                errors.append(str(error))
        log.close()

    kept = list(read(tmp_path))
    assert errors == [f"{tmp_path / FILE}: cannot be written: File too large; the record ends here"]
    assert kept == list(islice((event(n=n) for n in range(20)), len(kept)))
    assert len(kept) + log.lost == 20


def test_a_batch_that_finds_the_disk_full_is_lost_whole(tmp_path: Path) -> None:
    log = EventLog(tmp_path, virtual=True)
    for n in range(20):
        log(event(n=n))
    with disk_with_room_for(500), pytest.raises(RecordError, match="cannot be written"):
        log.close()
    log(event())
    log.close()

    assert list(read(tmp_path)) == []
    assert log.lost == 21
