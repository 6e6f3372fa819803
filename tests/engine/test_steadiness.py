"""
The steady state by several probes: whatever they are asked and however slowly they answer, the truth is inside.
"""

from __future__ import annotations

from itertools import cycle, islice
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.engine.steadiness import Steadiness
from harness.model.instant import Instant


class Question(NamedTuple):
    """
    A question to a probe: asked, served by the DUT, and answered, at those moments (nanoseconds).
    """

    answered_ns: int
    served_ns: int
    asked_ns: int
    probe: str


class Part(NamedTuple):
    """
    One probe's part of the DUT: when it falls, how long it stays down, and how the probe asks for it.
    """

    falls_ns: int
    down_ns: int
    period_ns: int
    delays_ns: list[tuple[int, int]]

    def is_well(self, at_ns: int) -> bool:
        return not self.falls_ns <= at_ns < self.rises_ns

    @property
    def rises_ns(self) -> int:
        return self.falls_ns + self.down_ns

    def questions(self, name: str) -> list[Question]:
        asked_ns, questions = 0, []
        for before_ns, after_ns in islice(cycle(self.delays_ns), 30):
            served_ns = asked_ns + before_ns
            questions.append(Question(served_ns + after_ns, served_ns, asked_ns, name))
            asked_ns = max(asked_ns + self.period_ns, served_ns + after_ns)
        return questions


# All parts fall in the first 100 ns, and the fault is gone at 100 ns. One that is down for ever is never asked so long.
FREED_NS, FOR_EVER = 100, 10**9
delays = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=5)


def parts(down_ns: st.SearchStrategy[int]) -> st.SearchStrategy[list[Part]]:
    """
    One to three parts with their probes, each at its own pace.
    """
    falls_ns, period_ns = st.integers(1, FREED_NS), st.integers(5, 60)
    part = st.builds(Part, falls_ns=falls_ns, down_ns=down_ns, period_ns=period_ns, delays_ns=delays)
    return st.lists(part, min_size=1, max_size=3)


def booked(dut: list[Part]) -> Steadiness:
    """
    The book after every question was answered, in the order of the answers; every part had been well to begin with.
    """
    named = {f"probe {index}": part for index, part in enumerate(dut)}
    book = Steadiness(named)
    for name in named:
        book.note(name, -1, -1, True)
    book.arm()
    is_freed = False
    for question in sorted(each for name, part in named.items() for each in part.questions(name)):
        if question.answered_ns > FREED_NS and not is_freed:
            book.freed(*at(FREED_NS))
            is_freed = True
        part = named[question.probe]
        book.note(question.probe, question.asked_ns, question.answered_ns, part.is_well(question.served_ns))
    return book


@given(parts(st.just(FOR_EVER)))
def test_the_loss_of_what_stays_down_lies_in_the_instant(dut: list[Part]) -> None:
    book = booked(dut)
    assert book.lost is not None
    assert book.lost.holds(min(part.falls_ns for part in dut))
    assert book.regained is None


@given(parts(st.integers(0, 400)))
def test_the_return_lies_in_the_instant_whichever_falls_were_not_seen(dut: list[Part]) -> None:
    book = booked(dut)
    if book.regained is not None:
        assert book.regained.holds(max(part.rises_ns for part in dut))
    if book.lost is not None:
        assert book.lost.latest_ns >= min(part.falls_ns for part in dut)


@given(parts(st.integers(0, 400)))
def test_the_return_is_no_wider_than_the_slowest_probe_explains(dut: list[Part]) -> None:
    book = booked(dut)
    longest_ns = max(before + after for part in dut for before, after in part.delays_ns)
    slowest_ns = max(part.period_ns for part in dut)
    if book.regained is not None and book.regained.earliest_ns >= FREED_NS:
        assert book.regained.width_ns <= max(slowest_ns, longest_ns) + longest_ns


@given(parts(st.integers(0, 400)))
def test_the_book_agrees_with_the_last_answers(dut: list[Part]) -> None:
    book = booked(dut)
    last = {name: seen.answers[-1][2] for name, seen in book.probes.items()}
    assert book.unwell() == book.unready() == [name for name, is_good in last.items() if not is_good]
    assert book.is_steady is book.is_ready is all(last.values())


# --- one answer after the other ---------------------------------------------------------------------------------------


def armed(*names: str, ready: tuple[str, ...] | None = None) -> Steadiness:
    """
    A book of probes that were all well when they were asked at 0 ns.
    """
    book = Steadiness(names, ready)
    for name in names:
        book.note(name, 0, 1, True)
    book.arm()
    return book


def at(freed_ns: int) -> tuple[Instant, Instant]:
    """
    A removal that was commanded and effective at a moment.
    """
    return Instant.exactly(freed_ns), Instant.exactly(freed_ns)


def test_nobody_is_well_before_the_first_answer() -> None:
    book = Steadiness(["a", "b"])
    assert (book.is_steady, book.unwell()) == (False, ["a", "b"])
    assert book.note("a", 0, 1, True)
    assert book.note("b", 0, 2, False)
    assert (book.is_steady, book.unwell()) == (False, ["b"])
    assert book.note("b", 3, 4, True)
    assert not book.note("b", 5, 6, True)
    assert book.is_steady


def test_what_was_unwell_before_it_counts_is_no_loss_and_no_return() -> None:
    book = Steadiness(["a"])
    book.note("a", 0, 1, False)
    book.note("a", 2, 3, True)
    assert (book.lost, book.regained) == (None, None)
    book.arm()
    assert (book.lost, book.regained, book.last_bad_ns()) == (None, None, None)


def test_a_loss_lies_between_the_last_good_question_and_the_first_bad_answer() -> None:
    book = armed("a")
    book.note("a", 10, 12, True)
    book.note("a", 20, 25, False)
    book.note("a", 30, 35, False)
    assert book.lost == Instant(10, 25)


def test_another_probes_part_may_have_been_lost_first() -> None:
    book = armed("a", "slow")
    book.note("a", 10, 12, True)
    book.note("a", 20, 25, False)
    assert book.lost == Instant(0, 25)


def test_a_good_question_after_the_bad_one_says_nothing_of_before() -> None:
    book = armed("a", "slow")
    book.note("a", 10, 12, True)
    book.note("slow", 22, 23, True)
    book.note("a", 20, 25, False)
    assert book.lost == Instant(0, 25)


def test_of_many_strokes_any_may_have_been_the_first_to_be_felt() -> None:
    book = armed("a")
    book.struck(5, repeatedly=True)
    book.note("a", 10, 12, True)
    book.note("a", 20, 25, False)
    assert book.lost == Instant(5, 25)


def test_a_contact_that_chatters_may_have_parted_before_the_last_good_question() -> None:
    book = armed("a")
    book.struck(9, chatter_ns=3)
    book.note("a", 10, 12, True)
    book.note("a", 20, 25, False)
    assert book.lost == Instant(7, 25)


def test_a_return_lies_between_the_last_bad_question_and_the_last_probes_first_good_answer() -> None:
    book = armed("a", "b")
    book.note("a", 10, 12, False)
    book.note("b", 11, 13, False)
    book.freed(*at(14))
    book.note("a", 20, 22, True)
    assert book.regained is None
    book.note("b", 21, 23, False)
    book.note("b", 31, 33, True)
    assert book.regained == Instant(21, 33)
    book.note("a", 40, 42, True)
    assert book.regained == Instant(21, 33)


def test_a_fall_back_ends_a_return() -> None:
    book = armed("a")
    book.freed(*at(5))
    for asked, is_good in ((10, False), (20, True), (30, False), (40, True)):
        book.note("a", asked, asked + 2, is_good)
        assert (book.regained is not None) is is_good
    assert book.regained == Instant(30, 42)
    assert book.lost == Instant(0, 12)


def test_a_probe_that_saw_nothing_is_believed_by_what_it_is_asked_after_the_fault() -> None:
    book = armed("a", "slow")
    book.note("a", 10, 12, False)
    book.note("slow", 15, 16, True)
    book.freed(*at(20))
    book.note("a", 20, 22, True)
    assert book.regained is None
    book.note("slow", 60, 61, True)
    assert book.regained == Instant(10, 61)


def test_while_a_fault_lasts_a_return_needs_answers_from_after_the_last_bad_one() -> None:
    book = armed("a", "slow")
    book.note("a", 10, 12, False)
    book.note("slow", 15, 16, True)
    book.in_effect(11)
    book.note("a", 20, 22, True)
    assert book.regained == Instant(10, 22)
    other = armed("a", "slow")
    other.note("slow", 9, 10, True)
    other.note("a", 10, 12, False)
    other.in_effect(11)
    other.note("a", 20, 22, True)
    assert other.regained is None


@pytest.mark.parametrize("repeatedly", [True, False])
def test_while_a_fault_strikes_again_and_again_nobody_is_back(repeatedly: bool) -> None:
    book = armed("a")
    book.struck(5, repeatedly=repeatedly)
    book.note("a", 10, 12, False)
    book.in_effect(15)
    book.note("a", 20, 22, True)
    assert (book.regained is None) is repeatedly
    book.freed(*at(30))
    book.note("a", 40, 42, True)
    assert book.regained == (Instant(10, 42) if repeatedly else Instant(10, 22))


def test_who_came_back_while_the_fault_was_removed_may_have_gone_again_until_it_was_gone() -> None:
    for commanded_ns, regained in ((15, Instant(10, 40)), (25, Instant(10, 22))):
        book = armed("a")
        book.note("a", 10, 12, False)
        book.in_effect(11)
        book.note("a", 20, 22, True)
        book.freed(Instant.exactly(commanded_ns), Instant(30, 40))
        assert book.regained == regained


def test_only_the_probes_that_count_make_it_ready() -> None:
    book = armed("a", "extra", ready=("a",))
    book.note("a", 10, 12, False)
    book.note("extra", 10, 13, False)
    book.freed(*at(15))
    book.note("a", 20, 22, True)
    assert book.regained == Instant(10, 22)
    assert (book.is_ready, book.is_steady) == (True, False)
    assert (book.unready(), book.unwell()) == ([], ["extra"])


def test_a_loss_that_only_another_probe_saw_is_older_than_the_return() -> None:
    book = armed("a", "extra", ready=("a",))
    book.note("extra", 10, 13, False)
    book.freed(*at(15))
    assert book.regained is None
    book.note("a", 20, 22, True)
    assert book.regained == Instant(0, 22)


def test_a_hold_is_shown_by_questions_that_were_asked_at_its_end_or_later() -> None:
    book = armed("a", "b")
    book.note("a", 10, 14, True)
    book.note("b", 9, 15, True)
    assert book.holds_at(9)
    assert not book.holds_at(10)
    book.note("b", 20, 21, False)
    assert not book.holds_at(9)


def test_requests_are_counted_by_when_they_were_asked() -> None:
    book = armed("a", "b")
    for asked, is_good in ((10, True), (20, False), (30, True)):
        book.note("a", asked, asked + 5, is_good)
    book.note("b", 20, 90, False)
    assert book.requests(10, 29) == (3, 2)
    assert book.requests(31, 99) == (0, 0)


def test_a_gap_is_what_could_hide_a_loss_between_two_good_answers() -> None:
    book = armed("a", "b")
    assert book.gap_ns() == 0
    book.note("a", 10, 15, True)
    assert book.gap_ns() == 15
    book.note("a", 100, 105, False)
    book.note("a", 200, 205, True)
    assert book.gap_ns() == 15
