"""
When a meter is looked at: just before its next conversion, whatever its clock, and no oftener than it takes.
"""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from harness.devices._pace import Pace

PERIOD_NS = 2_420_000
STEP_NS = PERIOD_NS // 16
FASTEST_NS, SLOWEST_NS = round(PERIOD_NS * 9 / 11), PERIOD_NS


class Chip:
    """
    Completes a conversion every `period_ns`, by a clock of its own; it is looked at when the pace says so.
    """

    def __init__(self, period_ns: int, phase_ns: int) -> None:
        self.period_ns, self.phase_ns = period_ns, phase_ns
        self.pace = Pace(PERIOD_NS, 0)
        self.looks = self.conversions = self.missed = 0
        self.late_ns: list[int] = []

    def look(self, at_ns: int) -> None:
        self.looks += 1
        there = max(0, (at_ns - self.phase_ns) // self.period_ns)
        if there == self.conversions:
            self.pace.absent(at_ns)
            return
        self.missed += there - self.conversions - 1
        self.conversions = there
        self.late_ns.append(at_ns - self.phase_ns - there * self.period_ns)
        self.pace.found(at_ns)

    def run(self, until: int, delay_ns: int = 0) -> None:
        now_ns = 0
        while self.conversions < until:
            now_ns = max(now_ns, self.pace.due_ns) + delay_ns
            self.look(now_ns)


@given(period_ns=st.integers(FASTEST_NS, SLOWEST_NS), phase_ns=st.integers(0, PERIOD_NS))
def test_no_conversion_is_missed_and_each_is_seen_within_a_step(period_ns: int, phase_ns: int) -> None:
    chip = Chip(period_ns, phase_ns)
    chip.run(400)
    assert chip.missed == 0
    assert max(chip.late_ns[1:]) <= 2 * STEP_NS
    seen = sorted(chip.late_ns[100:])
    assert seen[len(seen) * 8 // 10] <= STEP_NS


@given(period_ns=st.integers(FASTEST_NS, SLOWEST_NS), phase_ns=st.integers(0, PERIOD_NS))
def test_once_it_knows_the_clock_it_looks_little_more_than_twice_for_each(period_ns: int, phase_ns: int) -> None:
    chip = Chip(period_ns, phase_ns)
    chip.run(100)
    looks, conversions = chip.looks, chip.conversions
    chip.run(500)
    assert (chip.looks - looks) / (chip.conversions - conversions) <= 2.4


@given(period_ns=st.integers(FASTEST_NS, SLOWEST_NS), delay_ns=st.integers(0, PERIOD_NS // 3))
def test_a_look_that_always_comes_late_misses_nothing(period_ns: int, delay_ns: int) -> None:
    chip = Chip(period_ns, 0)
    chip.run(300, delay_ns)
    assert chip.missed == 0


@given(period_ns=st.integers(FASTEST_NS, SLOWEST_NS), delay_ns=st.integers(0, FASTEST_NS - STEP_NS))
def test_a_bus_that_is_nearly_too_slow_is_kept_busy_and_misses_little(period_ns: int, delay_ns: int) -> None:
    chip = Chip(period_ns, 0)
    chip.run(300, delay_ns)
    assert chip.missed <= 6


def test_a_chip_that_fails_is_asked_less_and_less_often_and_found_again() -> None:
    pace = Pace(PERIOD_NS, 0)
    asked_ns = [0]
    for _ in range(12):
        pace.failed(asked_ns[-1])
        asked_ns.append(pace.due_ns)
    pauses = [later - sooner for sooner, later in pairwise(asked_ns)]
    assert pauses[0] == STEP_NS
    assert pauses == sorted(pauses)
    assert pauses[-1] == 10_000_000
    pace.found(asked_ns[-1])
    assert asked_ns[-1] < pace.due_ns < asked_ns[-1] + PERIOD_NS
    pace.failed(asked_ns[-1])
    assert pace.due_ns == asked_ns[-1] + STEP_NS


def test_a_slow_meter_that_fails_is_asked_once_a_period() -> None:
    pace = Pace(10**9, 0)
    for _ in range(10):
        pace.failed(0)
    assert pace.due_ns == 10**9
