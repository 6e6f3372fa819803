"""
The `witness` probe: every write that was acknowledged is still there, or is counted as lost, once.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import clock
from harness.probes.witness import Witness
from harness.protocols import HttpAnswer, NoAnswer
from tests.probes.services import Service, made


class Records:
    """
    A DUT that keeps records, and can be made to fall silent, to lose some, and to count from what is left.
    """

    def __init__(self, *, reuses_numbers: bool = False, reports: bool = True) -> None:
        self._reuses, self._reports = reuses_numbers, reports
        self.is_silent = False
        self.given, self.last, self.lost = 0, 0, 0

    def __call__(self, method: str, path: str, body: bytes) -> HttpAnswer | None:
        if self.is_silent:
            return None
        if method == "POST":
            self.given = (self.last if self._reuses else self.given) + 1
            self.last = self.given
            told = {"seq": self.last, **({"lost": self.lost} if self._reports else {})}
            return HttpAnswer(200, json.dumps(told).encode())
        told = {"last_seq": self.last, "lost": self.lost if self._reports else 0, "corrupt": 0}
        return HttpAnswer(200, json.dumps(told).encode())

    def crash(self, losing: int) -> None:
        """
        Loses its last records, as by a power cut between an acknowledgement and the disk.
        """
        losing = min(losing, self.last)
        self.last -= losing
        self.lost += losing


class Asked:
    """
    A witness of a DUT, asked a question at a time.
    """

    def __init__(self, records: Records | Any) -> None:
        self.service = Service(records)
        self.probe = made(Witness, self.service)

    def ask(self, times: int = 1) -> list[bool | None]:
        """
        What the questions came to; None is silence.
        """
        return [self._ask() for _ in range(times)]

    def _ask(self) -> bool | None:
        try:
            return bool(clock.run(self.probe.ask, virtual=True))
        except NoAnswer:
            return None

    @property
    def lost(self) -> float:
        """
        How many acknowledged writes it counts as lost.
        """
        return float(self.probe.measured()["lost_writes"])


def test_it_looks_once_and_writes_each_time() -> None:
    witness = Asked(Records())
    assert witness.ask(3) == [True, True, True]
    assert [method for method, *_ in witness.service.asked] == ["GET", "POST", "POST", "POST"]
    assert witness.probe.measured() == {"lost_writes": 0, "acknowledged_writes": 3}


def test_after_a_silence_it_looks_again_first() -> None:
    records = Records()
    witness = Asked(records)
    witness.ask(2)
    records.is_silent = True
    assert witness.ask(2) == [None, None]
    records.is_silent = False
    assert witness.ask(2) == [True, True]
    assert [method for method, *_ in witness.service.asked][-3:] == ["GET", "POST", "POST"]
    assert witness.lost == 0


@given(
    crashes=st.lists(st.tuples(st.integers(1, 5), st.integers(0, 3)), max_size=4),
    reuses=st.booleans(),
    reports=st.booleans(),
)
def test_each_lost_write_is_counted_once(crashes: list[tuple[int, int]], reuses: bool, reports: bool) -> None:
    # What the DUT does not report itself shows in its last record's number.
    records = Records(reuses_numbers=reuses, reports=reports)
    witness = Asked(records)
    for writes, losing in crashes:
        witness.ask(writes)
        records.is_silent = True
        witness.ask()
        records.crash(min(losing, writes))
        records.is_silent = False
    witness.ask()
    assert witness.lost == records.lost


@pytest.mark.parametrize(("reuses", "reports"), [(True, False), (False, True), (True, True)])
def test_a_crash_between_two_questions_shows(reuses: bool, reports: bool) -> None:
    # By numbers that are given out again, or by what the next acknowledgement tells.
    records = Records(reuses_numbers=reuses, reports=reports)
    witness = Asked(records)
    witness.ask(5)
    records.crash(2)
    witness.ask()
    assert witness.lost == 2


def test_what_was_lost_before_the_trial_is_not_counted() -> None:
    records = Records()
    records.given, records.last, records.lost = 10, 10, 7
    witness = Asked(records)
    witness.ask(2)
    assert witness.lost == 0


def test_a_refused_write_is_unwell() -> None:
    def full(method: str, path: str, body: bytes) -> HttpAnswer:
        return HttpAnswer(507, b"{}") if method == "POST" else HttpAnswer(200, b'{"last_seq": 0}')

    assert Asked(full).ask() == [False]


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"7", b'{"sequence": 1}'])
def test_an_answer_that_says_nothing_of_records_is_silence(body: bytes) -> None:
    assert Asked(lambda *_: HttpAnswer(200, body)).ask() == [None]


def test_it_accepts_what_answers_a_write() -> None:
    probe = Asked(Records()).probe
    assert probe.accepts(HttpAnswer(200, b""))
    assert not probe.accepts(HttpAnswer(503, b""))
    assert not probe.accepts(None)
    assert Witness.measures == ("lost_writes", "acknowledged_writes")
