"""
The arithmetic of a counter of 30 bits, on ports whose own has another period.
"""

from __future__ import annotations

import types

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.board.firmware import Loader

from .conftest import FIRMWARE, FIXTURES

PERIOD = 1 << 30
COUNTERS = st.integers(0, PERIOD - 1)

ticks = Loader([FIRMWARE], {}).load("ticks")


@given(counter=COUNTERS, wait=st.integers(0, PERIOD // 2 - 1))
def test_adding_and_taking_the_difference(counter: int, wait: int) -> None:
    later = ticks.add(counter, wait)
    assert later == (counter + wait) % PERIOD
    assert ticks.diff(later, counter) == wait
    assert ticks.diff(counter, later) == -wait


@pytest.mark.parametrize(
    "given_time",
    [
        {"ticks_add": lambda counter, wait: (counter + wait) % (1 << 62)},
        {},  # a port that has none
    ],
)
def test_a_counter_of_more_bits_is_cut_to_30(given_time: dict[str, object]) -> None:
    port = types.SimpleNamespace(ticks_us=lambda: (5 << 30) + 17, ticks_diff=lambda a, b: a - b, **given_time)
    world = types.SimpleNamespace(timer=lambda *args: None)
    board = Loader([FIRMWARE, FIXTURES], {"time": port, "os": types.SimpleNamespace(), "_world": world}).load("hal").HAL()
    assert board.ticks_us() == 17
    assert board.ticks_add(PERIOD - 1, 2) == 1
    assert board.ticks_diff(1, PERIOD - 1) == 2
