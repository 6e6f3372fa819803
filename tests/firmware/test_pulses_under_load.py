"""
Trains on a board where every look at the clock costs time: what they may take, and what becomes of one that is late.
"""

from __future__ import annotations

from typing import Any

import pytest

from harness.board.firmware import Loader

from .conftest import FIRMWARE, FIXTURES

PERIOD = 1 << 30
OUTPUTS = 6


class SlowHAL:
    """
    A board on which a look at the clock takes `cost_us`. It remembers the longest time that interrupts were masked, and
    what the timer was set to.
    """

    spin_us = 50

    def __init__(self, cost_us: int) -> None:
        self.cost_us, self.now_us = cost_us, PERIOD - 3_000
        self.masked_us = 0
        self.alarm_us: int | None = None
        self._depth = self._masked_since = 0
        ticks = Loader([FIRMWARE], {}).load("ticks")
        self.ticks_add, self.ticks_diff = ticks.add, ticks.diff

    def ticks_us(self) -> int:
        self.now_us += self.cost_us
        return self.now_us % PERIOD

    def lock(self) -> int:
        if self._depth == 0:
            self._masked_since = self.now_us
        self._depth += 1
        return 0

    def unlock(self, _state: int) -> None:
        self._depth -= 1
        if self._depth == 0:
            self.masked_us = max(self.masked_us, self.now_us - self._masked_since)

    def output(self, _gpio: int, _level: int) -> Any:
        return Loader([FIRMWARE, FIXTURES], {"_world": self}).load("machine").Pin(_gpio, 1, value=_level)

    def drive(self, _gpio: int, _level: int) -> None:
        """
        The pin moves in no time.
        """

    def alarm_calls(self, calls: object) -> None:
        """
        The test calls `fire` itself.
        """

    def alarm(self, after_us: int) -> None:
        self.alarm_us = after_us


class Load:
    """
    Armed outputs and their programs on a slow board.
    """

    def __init__(self, cost_us: int, limit_ms: int = 60_000) -> None:
        self.hal = SlowHAL(cost_us)
        loader = Loader([FIRMWARE, FIXTURES], {})
        log = loader.load("edges").EdgeLog(self.hal)
        self.outputs = loader.load("outputs").Outputs(self.hal, [(gpio, 0) for gpio in range(2, 2 + OUTPUTS)], log)
        self.pulses = loader.load("pulses").Pulses(self.hal, self.outputs)
        self.outputs.on_trip(self.pulses.halt)
        self.ticks = loader.load("ticks").Ticks(self.hal)
        self.outputs.arm(limit_ms)
        self.late_max_us = loader.load("pulses").LATE_MAX_US

    def train(self, output: int, width_us: int, count: int) -> None:
        self.pulses.load(output, 1, width_us, width_us, count)
        self.pulses.start(output, 0, self.ticks)


def test_a_train_must_leave_half_of_the_processor() -> None:
    load = Load(cost_us=20)
    assert load.pulses.step_us > 60
    least_us = 2 * load.pulses.step_us
    with pytest.raises(ValueError, match=f"at least {least_us} us"):
        load.train(0, least_us - 1, 10)
    load.train(0, 2 * least_us, 10)
    with pytest.raises(ValueError, match=f"at least {2 * least_us} us"):
        load.train(1, least_us, 10)
    load.train(1, 2 * least_us + 10, 10)


def test_on_a_board_that_takes_no_time_the_spin_is_the_floor() -> None:
    load = Load(cost_us=0)
    load.train(0, 100, 10)
    with pytest.raises(ValueError, match="at least 100 us"):
        load.train(1, 99, 10)


def test_one_interrupt_ends_though_more_is_due() -> None:
    load = Load(cost_us=1)
    for output in range(OUTPUTS):
        load.train(output, 1_000, 5_000)
    load.hal.cost_us = 400  # all six together need more than the whole processor
    load.hal.masked_us = 0
    before_us = load.hal.now_us
    load.pulses.fire()
    assert load.hal.alarm_us == 1
    assert load.hal.now_us - before_us < 120 * 400
    # One switching: its own looks at the clock, and the one that decides on it.
    assert load.hal.masked_us <= 10 * 400


def test_the_dead_man_trips_inside_a_train_that_keeps_his_timer_waiting() -> None:
    load = Load(cost_us=1, limit_ms=20)
    load.train(0, 200, 50_000)
    load.hal.cost_us = 400
    began_us = load.hal.now_us
    while load.outputs.state == 1:
        load.pulses.fire()
        assert load.hal.now_us - began_us < 30_000
    assert load.outputs.cause == 1
    assert load.outputs.levels() == 0


def test_a_train_that_is_too_late_is_dropped_to_its_safe_level_and_told() -> None:
    load = Load(cost_us=1)
    load.train(0, 1_000, 1_000)
    load.hal.now_us += load.late_max_us + 50_000
    for _ in range(20):
        load.pulses.fire()
    ((output, made, late_us),) = load.pulses.finished()
    assert output == 0
    assert made < 2_000
    assert late_us > load.late_max_us
    assert load.outputs.levels() == 0


def test_a_late_switching_that_its_next_can_still_follow_goes_on() -> None:
    load = Load(cost_us=1)
    load.train(0, 1_000, 2)
    load.hal.now_us += 1_000 + load.late_max_us // 2
    for _ in range(20):
        load.pulses.fire()
    ((_, made, late_us),) = load.pulses.finished()
    assert made == 4
    assert late_us < load.late_max_us
