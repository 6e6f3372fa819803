"""
Flashing: only what differs is copied, and whatever cuts it short, the next one ends with the very files.
"""

from __future__ import annotations

import os
import tty
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import harness.board.repl
from harness.board.failures import BoardError, BoardLost
from harness.board.firmware import Loader
from harness.board.flash import ASIDE, MAIN, flash
from harness.board.repl import Repl

from ..bench._repl import repl_port
from .conftest import FIRMWARE
from .fake_files import FakeFiles

NAMES = tuple(Loader([FIRMWARE], {}).load("manifest").FILES)
CONTENTS = {name: (FIRMWARE / name).read_bytes() for name in NAMES}


def test_a_new_board_gets_every_file_and_main_last() -> None:
    board = FakeFiles({})
    assert flash(FIRMWARE, board).copied == NAMES
    assert board.files == CONTENTS
    renamed = {"pins.py": "pins.new", MAIN: ASIDE}
    done = []
    for name in NAMES:
        done += [("write", renamed.get(name, name))] + ([("rename", renamed[name], name)] if name in renamed else [])
    assert board.done == done


def test_a_board_that_has_everything_is_left_alone() -> None:
    board = FakeFiles(CONTENTS)
    assert flash(FIRMWARE, board).kept == NAMES
    assert board.done == []


def test_only_what_differs_is_copied_while_main_is_aside() -> None:
    board = FakeFiles(CONTENTS | {"core.py": b"old", "notes.txt": b"somebody's own"})
    flashed = flash(FIRMWARE, board)
    assert flashed.copied == ("core.py",)
    assert set(flashed.kept) == set(NAMES) - {"core.py"}
    assert board.done == [("rename", MAIN, ASIDE), ("write", "core.py"), ("rename", ASIDE, MAIN)]
    assert board.files == CONTENTS | {"notes.txt": b"somebody's own"}


def test_a_pin_table_of_its_own_stays() -> None:
    board = FakeFiles(CONTENTS | {"pins.py": b"somebody's wiring", "core.py": b"old"})
    flashed = flash(FIRMWARE, board)
    assert flashed.copied == ("core.py",)
    assert board.files == CONTENTS | {"pins.py": b"somebody's wiring"}


def test_a_pin_table_is_replaced_on_request() -> None:
    board = FakeFiles(CONTENTS | {"pins.py": b"somebody's wiring"})
    assert flash(FIRMWARE, board, b"another").copied == ("pins.py",)
    assert board.files == CONTENTS | {"pins.py": b"another"}
    assert flash(FIRMWARE, board, b"another").copied == ()


@pytest.mark.parametrize("patience", range(9))
@pytest.mark.parametrize("pins", [None, b"another"])
def test_no_cut_costs_the_pin_table(patience: int, pins: bytes | None) -> None:
    board = FakeFiles(CONTENTS | {"pins.py": b"somebody's wiring", "core.py": b"old"}, patience)
    with suppress(BoardLost):
        flash(FIRMWARE, board, pins)
    board.patience = 10_000
    flash(FIRMWARE, board)
    assert board.files["pins.py"] in (b"somebody's wiring", pins)
    assert board.files.keys() == CONTENTS.keys()


def test_what_did_not_arrive_is_told() -> None:
    class Worn(FakeFiles):
        def write(self, name: str, content: bytes) -> None:
            super().write(name, content[:-1])

    with pytest.raises(BoardError, match=r"manifest\.py did not arrive"):
        flash(FIRMWARE, Worn({}))


@settings(max_examples=50)
@given(old=st.sets(st.sampled_from(NAMES)), missing=st.sets(st.sampled_from(NAMES)), patience=st.integers(0, 25))
def test_a_flash_cut_short_leaves_no_main_and_the_next_one_ends_it(
    old: set[str], missing: set[str], patience: int
) -> None:
    # A pin table that is there is the user's: what it holds is no matter of a flash.
    board = FakeFiles(CONTENTS | dict.fromkeys(old - {"pins.py"}, b"old"), patience)
    for name in missing:
        del board.files[name]
    before = dict(board.files)
    try:
        flash(FIRMWARE, board)
    except BoardLost:
        is_whole = CONTENTS.items() <= board.files.items()
        assert board.files == before or is_whole or MAIN not in board.files
    board.patience = 10_000

    flash(FIRMWARE, board)

    assert board.files == CONTENTS


@pytest.mark.vm
def test_mpremote_copies_to_a_real_repl_what_differs() -> None:
    with repl_port() as path:
        with Repl(path, timeout_s=20) as board:
            assert flash(FIRMWARE, board).copied == NAMES
            board.write("core.py", b"print('old')\n")
        with Repl(path) as board:
            assert flash(FIRMWARE, board).copied == ("core.py",)
        with Repl(path) as board:
            assert flash(FIRMWARE, board).kept == NAMES
            assert board.digest(ASIDE) is None
            with pytest.raises(BoardLost, match="nothing"):
                board.remove("nothing")


def test_a_port_without_a_repl_is_told(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness.board.repl, "_READ_S", 0.2)
    master, slave = os.openpty()
    tty.setraw(slave)
    try:
        with pytest.raises(BoardLost, match="no REPL"):
            Repl(os.ttyname(slave), timeout_s=0.2)
    finally:
        os.close(master)
        os.close(slave)
    assert capfd.readouterr().out == ""
