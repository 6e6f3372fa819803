"""
Where an answer begins.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.forwarder.turns import Heard, Turns, turns

STARTED = b"R\0\0\0\x08\0\0\0\0" + b"Z\0\0\0\5I"
READY = b"C\0\0\0\x0dSELECT 1\0" + b"Z\0\0\0\5I"
NEITHER, BOTH = Heard(False, False), Heard(True, True)


def talk(one: Turns, *pieces: bytes | None) -> list[Heard]:
    """
    What each piece of the server's is; None stands for one of the client's.
    """
    heard = []
    for piece in pieces:
        if piece is None:
            one.turn()
        else:
            heard.append(one.heard(piece))
    return heard


def test_of_anything_an_answer_is_what_comes_first_after_the_other_side_spoke() -> None:
    assert talk(turns("", is_new=False), b"a", b"b", None, b"c") == [BOTH, NEITHER, BOTH]


def test_the_first_answer_on_a_new_connection_meets_no_second_fate() -> None:
    assert talk(turns("", is_new=True), None, b"a", None, b"b") == [Heard(True, False), BOTH]


def test_a_postgresql_connection_that_is_being_made_gives_no_answer_yet() -> None:
    one = turns("postgresql", is_new=True)
    assert talk(one, None, b"N", None, b"R\0\0\0\x17\0\0\0\x0a", None, STARTED) == [NEITHER] * 3
    assert talk(one, None, READY, None, READY) == [BOTH] * 2


def test_a_postgresql_answer_ends_when_the_server_is_ready() -> None:
    one = turns("postgresql", is_new=False)
    assert talk(one, None, b"T....", b"D....", None, b"D....", READY) == [BOTH, *[NEITHER] * 3]
    assert talk(one, None, READY) == [BOTH]


def test_what_the_server_says_unasked_is_no_answer() -> None:
    one = turns("postgresql", is_new=False)
    assert talk(one, None, READY, b"A....") == [BOTH, NEITHER]


@given(st.integers(1, len(STARTED) - 1), st.integers(1, len(READY) - 1))
def test_a_postgresql_answer_may_come_in_any_pieces(one_cut: int, other_cut: int) -> None:
    one = turns("postgresql", is_new=True)
    assert talk(one, None, STARTED[:one_cut], STARTED[one_cut:]) == [NEITHER] * 2
    assert talk(one, None, READY[:other_cut], READY[other_cut:], None, READY) == [BOTH, NEITHER, BOTH]


@pytest.mark.parametrize("word", [b"S", b"G"])
def test_what_is_encrypted_counts_by_turns(word: bytes) -> None:
    one = turns("postgresql", is_new=True)
    assert talk(one, None, word, None, b"\x16\x03", None, b"\x17\x03", b"\x17\x03") == [BOTH, BOTH, BOTH, NEITHER]
