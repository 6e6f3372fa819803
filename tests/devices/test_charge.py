"""
From charge to voltage: a curve that rises all the way.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.devices._charge import LITHIUM, voltage_v

PERCENTS = st.floats(0, 100)


@given(PERCENTS, PERCENTS)
def test_more_charge_is_more_voltage(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert voltage_v(LITHIUM, low) <= voltage_v(LITHIUM, high)


def test_it_goes_through_its_points_and_ends_at_the_outer_ones() -> None:
    for point in LITHIUM:
        assert abs(voltage_v(LITHIUM, 100 * point.level_ratio) - point.voltage_v) < 1e-9
    assert voltage_v(LITHIUM, -10) == LITHIUM[0].voltage_v
    assert voltage_v(LITHIUM, 120) == LITHIUM[-1].voltage_v
