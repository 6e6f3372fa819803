"""
How far a rail fell, and where it stood in the end.
"""

from __future__ import annotations

import pytest

from harness.model.quantity import Quantity
from harness.model.trace import Code
from harness.science.depth import level_when_off, lowest
from tests.science.traces import ms, trace


def test_a_rail_that_is_held_stands_where_it_is_held() -> None:
    level = level_when_off(trace((60, (1.2, 0.0))), ms(0, 1), ms(60, 64), lsb_v=0.001)
    assert level is not None
    assert level.high == pytest.approx(1.201)
    # It fell by at most two steps of the meter in all the time that it was seen.
    assert level.low == pytest.approx(1.2, abs=0.002)


def test_a_rail_that_still_falls_may_have_fallen_on_as_fast() -> None:
    rows = trace(*((1, (3.0 - 0.01 * row, 0.0)) for row in range(60)))
    level = level_when_off(rows, ms(0, 1), ms(60, 70), lsb_v=0.001)
    assert level is not None
    assert level.high == pytest.approx(2.41 + 0.001)
    assert 2.41 - 0.11 - 0.01 < level.low < 2.41 - 0.10


def test_a_fall_that_is_smaller_than_a_step_of_the_meter_may_go_on() -> None:
    # It reads 1.000 V all the time, and fell from 1.001 V to 0.999 V in it.
    level = level_when_off(trace((10, (1.0, 0.0))), ms(0, 1), ms(10, 100), lsb_v=0.001)
    assert level is not None
    assert level.low < 0.999 - 0.002 / 9 * 90


def test_from_one_row_nothing_follows_but_that_it_was_no_higher() -> None:
    rows = trace((4, (5.0, 0.0)), (1, (1.0, 0.0)), (9, Code.GAP))
    assert level_when_off(rows, ms(3, 4), ms(9, 10), lsb_v=0.001) == Quantity(0.0, 1.001, "V")
    assert level_when_off(rows, ms(6, 7), ms(9, 10), lsb_v=0.001) is None


def test_the_lowest_average_is_no_lower_than_the_rail_was() -> None:
    assert lowest(trace((3, (2.0, 0.0)), (1, (0.5, 0.0)), (2, Code.GAP)), lsb_v=0.001) == Quantity(0.0, 0.501, "V")
    assert lowest(trace((2, Code.GAP)), lsb_v=0.001) is None
