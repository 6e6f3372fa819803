"""
What the edge node's log says after its files were cut short.
"""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.edge_node.playing import module

# Each example syncs a dozen times, which a disk makes slow: half the usual number of examples, and no limit on one.
on_disk = settings(max_examples=50, deadline=None)

payloads = st.lists(st.binary(max_size=40), min_size=1, max_size=8)


witness_log: Any = module("witness_log")


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def write(state: Path, records: list[bytes], **options: bool) -> list[int]:
    """
    Acknowledges the records in one boot, and ends as a power cut does: nothing is closed in order.
    """
    log = witness_log.WitnessLog(state, **options)
    log.open()
    try:
        return [log.append(payload) for payload in records]
    finally:
        log._file.close()  # as the kernel does for a killed process


def boot(state: Path) -> Any:
    log = witness_log.WitnessLog(state)
    try:
        return log.open()
    finally:
        log.close()


def edit(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


@on_disk
@given(payloads)
def test_every_acknowledged_record_is_found_after_a_power_cut(records: list[bytes]) -> None:
    with folder() as state:
        assert write(state, records) == list(range(1, len(records) + 1))
        assert boot(state) == witness_log.Findings(last_seq=len(records))


@pytest.mark.long
@on_disk
@given(payloads, st.data())
def test_any_truncation_of_acknowledged_records_is_reported_as_lost(records: list[bytes], draw: st.DataObject) -> None:
    with folder() as state:
        write(state, records)
        log = state / "records.log"
        kept = draw.draw(st.integers(0, log.stat().st_size - 1))
        whole = log.read_bytes()[:kept].count(b"\n")
        edit(log, lambda content: content[:kept])
        found = boot(state)
        assert (found.lost, found.last_seq, found.corrupt) == (len(records) - whole, whole, 0)


@pytest.mark.long
@on_disk
@given(payloads, st.binary(min_size=1, max_size=40), st.data())
def test_a_torn_tail_that_was_never_acknowledged_is_no_loss(
    records: list[bytes], torn: bytes, draw: st.DataObject
) -> None:
    with folder() as state:
        write(state, records)
        line = witness_log.sealed(b"%d %s" % (len(records) + 1, base64.b64encode(torn)))
        part = line[: draw.draw(st.integers(1, len(line) - 1))]
        edit(state / "records.log", lambda content: content + part)
        assert boot(state) == witness_log.Findings(last_seq=len(records), torn=1)
        assert boot(state) == witness_log.Findings(last_seq=len(records))


@pytest.mark.long
@on_disk
@given(payloads, st.data())
def test_any_flipped_bit_in_an_acknowledged_record_is_a_loss(records: list[bytes], draw: st.DataObject) -> None:
    with folder() as state:
        write(state, records)
        log = state / "records.log"
        at, bit = draw.draw(st.integers(0, log.stat().st_size - 1)), draw.draw(st.integers(0, 7))
        edit(log, lambda content: content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :])
        assert boot(state).lost >= 1


@pytest.mark.long
@on_disk
@given(payloads, payloads)
def test_a_loss_is_still_reported_after_later_boots(records: list[bytes], later: list[bytes]) -> None:
    with folder() as state:
        write(state, records)
        edit(state / "records.log", lambda _: b"")
        assert write(state, later)[0] == len(records) + 1
        assert boot(state).lost == len(records)


@on_disk
@given(payloads)
def test_the_loses_writes_defect_is_found(records: list[bytes]) -> None:
    with folder() as state:
        write(state, records, loses_writes=True)
        assert boot(state).lost == len(records)


def test_a_bad_line_before_a_good_one_is_corrupt_and_lost(tmp_path: Path) -> None:
    write(tmp_path, [b"one", b"two", b"three"])
    edit(tmp_path / "records.log", lambda content: content.replace(b"\n2 ", b"\n9 "))
    assert boot(tmp_path) == witness_log.Findings(last_seq=3, lost=1, corrupt=1)


@pytest.mark.parametrize("kept", [0, 1, 5, 10])
def test_a_damaged_mark_is_corruption_and_claims_no_loss(tmp_path: Path, kept: int) -> None:
    write(tmp_path, [b"one", b"two"])
    edit(tmp_path / "acknowledged.mark", lambda content: content[:kept])
    assert boot(tmp_path) == witness_log.Findings(last_seq=2, corrupt=1)


def test_a_power_cut_before_the_first_record_is_no_corruption(tmp_path: Path) -> None:
    assert write(tmp_path, []) == []
    assert boot(tmp_path) == witness_log.Findings()


@pytest.mark.parametrize("files", [0, 1])
def test_a_power_cut_in_the_midst_of_the_first_boot_is_no_corruption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: int
) -> None:
    """
    After so many of the two files that it makes.
    """
    left = [witness_log.replace_file] * files

    def replace_file(*args: Any) -> None:
        if not left:
            raise InterruptedError("the power is gone")
        left.pop()(*args)

    monkeypatch.setattr(witness_log, "replace_file", replace_file)
    with pytest.raises(InterruptedError):
        witness_log.WitnessLog(tmp_path).open()
    monkeypatch.undo()
    assert boot(tmp_path) == witness_log.Findings()


def test_a_mark_that_is_gone_is_corruption_not_health(tmp_path: Path) -> None:
    write(tmp_path, [b"one"])
    (tmp_path / "acknowledged.mark").unlink()
    assert boot(tmp_path).corrupt == 1


def test_a_record_unwritten_for_a_full_disk_leaves_no_half_line(tmp_path: Path) -> None:
    """
    /dev/full cannot be truncated, so the full disk is played by a limit on the file's size.
    """
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    log = witness_log.WitnessLog(tmp_path)
    log.open()
    log.append(b"one")
    size = (tmp_path / "records.log").stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 5, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            log.append(b"two")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert log.append(b"two") == 2
    log.close()
    assert boot(tmp_path) == witness_log.Findings(last_seq=2)
