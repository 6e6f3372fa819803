"""
The undo journal: whatever becomes of its file, a promise that was not kept never reads as healed.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.engine.undo import UndoJournal
from harness.errors import RecordError
from harness.model.undo import Undo

ON, OFF = Undo(device="mains", action="on"), Undo(device="härdware", action="off")


def written(path: Path) -> list[bytes]:
    """
    A journal in which one promise was kept and two are open; its lines.
    """
    journal = UndoJournal(path)
    kept = journal.promise([ON], "run 1")
    journal.promise([ON, OFF], "run 2")
    journal.keep(kept)
    return path.read_bytes().splitlines(keepends=True)


def test_what_was_promised_and_not_kept_is_pending(tmp_path: Path) -> None:
    written(tmp_path / "undo")
    pending = UndoJournal(tmp_path / "undo").pending()
    assert pending.undos == (ON, OFF)
    assert not pending.is_clean
    assert pending.unreadable == 0


def test_a_journal_that_was_never_written_is_clean(tmp_path: Path) -> None:
    assert UndoJournal(tmp_path / "nowhere" / "undo").pending().is_clean


def test_a_promise_is_on_the_disk_before_its_fault_begins(tmp_path: Path) -> None:
    UndoJournal(tmp_path / "rig" / "undo").promise([ON], "run")
    assert UndoJournal(tmp_path / "rig" / "undo").pending().undos == (ON,)


def test_a_journal_in_memory_knows_the_same() -> None:
    journal = UndoJournal(None)
    kept = journal.promise([ON, OFF], "run")
    assert journal.pending().undos == (ON, OFF)
    journal.keep(kept[:1])
    assert journal.pending().undos == (OFF,)
    journal.clear()
    assert journal.pending().is_clean


def test_what_was_cleared_is_clean_and_the_next_promise_starts_anew(tmp_path: Path) -> None:
    journal = UndoJournal(tmp_path / "undo")
    journal.promise([ON], "run")
    journal.clear()
    journal.clear()
    assert journal.pending().is_clean
    assert not (tmp_path / "undo").exists()
    journal.promise([OFF], "run")
    assert UndoJournal(tmp_path / "undo").pending().undos == (OFF,)


def test_a_later_run_does_not_keep_what_an_earlier_one_promised(tmp_path: Path) -> None:
    UndoJournal(tmp_path / "undo").promise([ON], "run 1")
    later = UndoJournal(tmp_path / "undo")
    later.keep(later.promise([OFF], "run 2"))
    assert UndoJournal(tmp_path / "undo").pending().undos == (ON,)


def test_a_tail_that_is_torn_at_any_byte_never_reads_as_healed(tmp_path: Path) -> None:
    path = tmp_path / "undo"
    journal = UndoJournal(path)
    journal.keep(journal.promise([ON], "run"))
    promise, kept = path.read_bytes().splitlines(keepends=True)
    for cut in range(1, len(promise)):
        path.write_bytes(promise[:cut])
        assert UndoJournal(path).pending().unreadable == 1, cut
    for cut in range(len(kept)):
        path.write_bytes(promise + kept[:cut])
        assert UndoJournal(path).pending().undos == (ON,), cut
    path.write_bytes(promise + kept)
    assert UndoJournal(path).pending().is_clean


def test_what_is_written_behind_a_torn_tail_is_not_mistaken_for_whole(tmp_path: Path) -> None:
    path = tmp_path / "undo"
    whole = b"".join(written(path)[-2:])
    for cut in range(1, len(whole)):
        path.write_bytes(whole[:cut])
        # Nobody looked: the next run promises at once, and dies.
        UndoJournal(path).promise([ON], "run 3")
        assert not UndoJournal(path).pending().is_clean, cut


def test_a_flipped_bit_anywhere_never_reads_as_healed(tmp_path: Path) -> None:
    path, mine = tmp_path / "undo", Undo(device="m", action="on")
    journal = UndoJournal(path)
    journal.keep(journal.promise([mine], "r"))
    journal.promise([mine], "r")
    whole = path.read_bytes()
    for place in range(len(whole)):
        for bit in (0, 5):  # another digit or letter; a capital, a blank
            damaged = bytearray(whole)
            damaged[place] ^= 1 << bit
            path.write_bytes(damaged)
            pending = UndoJournal(path).pending()
            assert pending.unreadable or pending.undos == (mine,), (place, bit)


@given(st.binary(max_size=200))
def test_whatever_a_file_holds_it_is_read_without_an_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "undo"
    path.write_bytes(content)
    assert UndoJournal(path).pending().is_clean is (not content)


@pytest.mark.parametrize(
    "line", ["null", "[]", "{}", '{"promise": "1"}', '{"kept": 1.5}', '{"promise": 1, "device": 2}']
)
def test_a_record_of_another_form_is_unreadable(tmp_path: Path, line: str) -> None:
    (tmp_path / "undo").write_text(f"{zlib.crc32(line.encode()):08x} {line}\n")
    assert UndoJournal(tmp_path / "undo").pending().unreadable == 1


def test_a_journal_that_cannot_be_written_lets_nothing_be_struck(tmp_path: Path) -> None:
    journal = UndoJournal(tmp_path / "undo")
    kept = journal.promise([ON], "run")
    (tmp_path / "undo").unlink()
    (tmp_path / "undo").mkdir()
    with pytest.raises(RecordError, match="nothing may be struck"):
        journal.promise([ON], "run")
    with pytest.raises(RecordError, match="cannot be written"):
        journal.keep(kept)


def test_a_journal_that_cannot_be_read_or_cleared_is_the_benchs_trouble(tmp_path: Path) -> None:
    (tmp_path / "undo").mkdir()
    for unread in (UndoJournal.pending, lambda journal: journal.promise([ON], "run")):
        with pytest.raises(RecordError, match="cannot be read"):
            unread(UndoJournal(tmp_path / "undo"))
    with pytest.raises(RecordError, match="cannot be cleared"):
        UndoJournal(tmp_path / "undo").clear()
