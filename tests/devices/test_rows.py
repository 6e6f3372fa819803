"""
The rows of a trace: every conversion is numbered, every hole is a row, and no more is said to be missing than is.
"""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from harness.devices._rows import Rows
from harness.model.trace import Code, Sample

MS = 10**6
PERIOD_NS = 1_100_000
NAMED_NS = 1_000_000


class Chip:
    """
    Converts by a clock that is up to 10 % off; polled, it gives what a meter's driver gives.
    """

    def __init__(self, period_ns: int, phase_ns: int) -> None:
        self.period_ns, self.phase_ns = period_ns, phase_ns
        self.seen_ns = 0
        self.read: list[int] = []

    def completed(self, at_ns: int) -> int:
        return (at_ns - self.phase_ns) // self.period_ns

    def poll(self, at_ns: int) -> Sample | None:
        seen_ns, self.seen_ns = self.seen_ns, at_ns
        number = self.completed(at_ns)
        if number <= (self.read[-1] if self.read else self.completed(0)):
            return None
        self.read.append(number)
        return Sample(len(self.read), max(seen_ns, at_ns - PERIOD_NS) - PERIOD_NS, at_ns, 5, 7)


def is_in_order(rows: list[Sample]) -> bool:
    """
    By their beginnings and by their ends, so that either can be searched.
    """
    return all(
        first.earliest_ns <= second.earliest_ns and first.latest_ns <= second.latest_ns
        for first, second in pairwise(rows)
    )


@given(
    period_ns=st.integers(round(0.9 * NAMED_NS), PERIOD_NS),
    phase_ns=st.integers(0, NAMED_NS),
    pauses_ns=st.lists(
        st.one_of(st.integers(1000, NAMED_NS // 2), st.integers(NAMED_NS, 60 * MS)), min_size=5, max_size=80
    ),
)
def test_what_is_said_to_be_missing_is_missing(period_ns: int, phase_ns: int, pauses_ns: list[int]) -> None:
    chip, told = Chip(period_ns, phase_ns), Rows(PERIOD_NS, 0)
    rows: list[Sample] = []
    now_ns = 0
    for pause_ns in pauses_ns:
        now_ns += pause_ns
        sample = chip.poll(now_ns)
        if sample is not None:
            rows += told.conversion(sample)
    read = [row for row in rows if row.code == Code.OK]
    holes = [row for row in rows if row.code == Code.GAP]
    assert [row.code for row in rows if row not in read and row not in holes] == []
    assert len(read) == len(chip.read)
    assert is_in_order(rows)
    for row, number in zip(read, chip.read, strict=True):
        assert row.seq <= number - chip.completed(0)
    for first, second in pairwise(range(len(chip.read))):
        really = chip.read[second] - chip.read[first] - 1
        said = read[second].seq - read[first].seq - 1
        # The clock may be 10 % fast, and the ends of the hole are known to two periods each.
        assert said >= really * period_ns / PERIOD_NS - 3
    assert told.missed == sum(row.missed for row in rows)
    assert all(row.missed >= 1 and row.earliest_ns < row.latest_ns for row in holes)


@given(
    period_ns=st.integers(round(0.9 * NAMED_NS), PERIOD_NS),
    phase_ns=st.integers(0, NAMED_NS),
    late_ns=st.integers(NAMED_NS, 3 * NAMED_NS),
)
def test_what_a_slow_bus_leaves_out_is_missing_though_it_leaves_no_hole(
    period_ns: int, phase_ns: int, late_ns: int
) -> None:
    chip, told = Chip(period_ns, phase_ns), Rows(PERIOD_NS, 0)
    for now_ns in range(late_ns, 500 * late_ns, late_ns):
        if (sample := chip.poll(now_ns)) is not None:
            told.conversion(sample)
    missed = chip.read[-1] - chip.completed(0) - len(chip.read)
    # Nobody knows by how much its clock is faster than the slowest.
    assert missed - (1 - period_ns / PERIOD_NS) * chip.read[-1] - 3 <= told.missed <= missed


def test_what_its_driver_knows_to_be_missing_is_told_beside_the_conversion() -> None:
    told = Rows(PERIOD_NS, 0)
    assert told.conversion(Sample(1, 0, 2 * MS, 5, 7)._replace(missed=1)) == [Sample(2, 0, 2 * MS, 5, 7, missed=1)]
    assert told.conversion(Sample(3, MS, 3 * MS, 5, 7)) == [Sample(3, MS, 3 * MS, 5, 7)]
    assert told.missed == 1


@given(
    pauses_ns=st.lists(st.integers(1000, 30 * MS), min_size=5, max_size=120),
    answers=st.lists(st.sampled_from([None, None, None, Code.NACK, Code.NACK, Code.RESET]), min_size=120, max_size=120),
    period_ns=st.integers(round(0.9 * NAMED_NS), PERIOD_NS),
)
def test_a_failing_chips_rows_are_in_order_and_their_numbers_add_up(
    pauses_ns: list[int], answers: list[Code | None], period_ns: int
) -> None:
    chip, told = Chip(period_ns, 0), Rows(PERIOD_NS, 0)
    rows: list[Sample] = []
    now_ns = 0
    for pause_ns, answer in zip(pauses_ns, answers, strict=False):
        now_ns += pause_ns
        if answer is not None:
            rows += told.trouble(answer, now_ns)
        elif (sample := chip.poll(now_ns)) is not None:
            rows += told.conversion(sample)
    rows += told.close(now_ns)
    assert is_in_order(rows)
    seq = 0
    for row in rows:
        if row.code == Code.OK:
            assert (row.seq, row.missed) == (seq + 1, 0)
            seq += 1
        else:
            assert row.seq == seq + 1
            seq += row.missed
    assert seq <= chip.completed(now_ns) + 1
    assert told.missed == sum(row.missed for row in rows)


def sample(earliest_ns: int, latest_ns: int) -> Sample:
    return Sample(0, earliest_ns, latest_ns, 5, 7)


def test_a_gap_is_a_row_over_what_nobody_read() -> None:
    told = Rows(PERIOD_NS, MS)
    first = told.conversion(sample(0, 2 * MS))
    later = told.conversion(sample(9 * MS, 11 * MS))
    assert first == [Sample(1, 0, 2 * MS, 5, 7)]
    # Seven milliseconds at 1.1 ms each: seven conversions, of which the last may not be the whole in the hole.
    assert later == [Sample(2, 2 * MS, 9 * MS, 0, 0, Code.GAP, 7), Sample(9, 9 * MS, 11 * MS, 5, 7)]


def test_a_dead_chip_becomes_ten_rows_a_second_not_a_row_a_poll() -> None:
    told = Rows(PERIOD_NS, 0)
    rows = told.conversion(sample(0, 2 * MS))
    for at_ns in range(3 * MS, 1003 * MS, MS):
        rows += told.trouble(Code.NACK, at_ns)
    assert [row.code for row in rows[1:]] == [Code.NACK] * 9
    assert all(100 * MS <= row.latest_ns - row.earliest_ns <= 101 * MS for row in rows[1:])
    assert all(first.latest_ns == second.earliest_ns for first, second in pairwise(rows[1:]))


def test_a_refusal_that_cost_nothing_is_a_row_and_nothing_is_missing() -> None:
    told = Rows(PERIOD_NS, 0)
    told.conversion(sample(0, 2 * MS))
    assert told.trouble(Code.NACK, 3 * MS) == []
    assert told.conversion(sample(MS, 4 * MS)) == [
        Sample(2, MS, 2 * MS, 0, 0, Code.NACK, 0),
        Sample(2, MS, 4 * MS, 5, 7),
    ]
    assert told.missed == 0


def test_another_trouble_begins_another_row() -> None:
    told = Rows(PERIOD_NS, MS)
    told.conversion(sample(0, 2 * MS))
    assert told.trouble(Code.NACK, 20 * MS) == []
    (nack,) = told.trouble(Code.RESET, 40 * MS)
    (_, reset, _) = nack, *told.conversion(sample(60 * MS, 61 * MS))
    assert (nack.code, nack.earliest_ns, nack.latest_ns) == (Code.NACK, 2 * MS, 40 * MS - 2 * PERIOD_NS)
    assert (reset.code, reset.earliest_ns, reset.latest_ns) == (Code.RESET, nack.latest_ns, 60 * MS)
    # 58 ms from the one that was read on, at 1.1 ms each.
    assert nack.missed + reset.missed == told.missed == 53


def test_what_was_missing_at_the_end_is_told() -> None:
    told = Rows(PERIOD_NS, 0)
    told.conversion(sample(0, 2 * MS))
    assert told.close(4 * MS) == []
    (row,) = told.close(500 * MS)
    assert (row.code, row.earliest_ns, row.latest_ns) == (Code.GAP, 2 * MS, 500 * MS - 2 * PERIOD_NS)
