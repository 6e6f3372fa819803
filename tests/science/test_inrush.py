"""
How high a current was at first, and how much it changed in the end.
"""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.quantity import Quantity
from harness.model.trace import Code
from harness.science.inrush import inrush_peak, load_step, shunt_ceiling_a, steady_current, unseen_inrush_as
from tests.science.traces import currents, ms


def test_a_peak_is_no_lower_than_any_average_of_the_first_100_ms() -> None:
    rows = currents((10, 0.0), (1, 1.8), (98, 0.4), (100, 2.5))
    rise = ms(9, 11)
    assert inrush_peak(rows, rise, lsb_a=0.125, ceiling_a=50.0) == Quantity(1.675, 50.0, "A")
    assert inrush_peak(rows, rise, lsb_a=0.125, ceiling_a=None) == Quantity(1.675, None, "A")
    # A supply that was seen to deliver more than its limit has another one.
    assert inrush_peak(rows, rise, lsb_a=0.125, ceiling_a=1.5) == Quantity(1.675, None, "A")


def test_a_peak_without_a_sample_is_none() -> None:
    assert inrush_peak(currents((10, 0.0), (300, Code.GAP)), ms(10, 11), lsb_a=0.001, ceiling_a=50.0) is None


def test_the_shunt_lets_through_what_the_rails_voltage_drives() -> None:
    assert shunt_ceiling_a(currents((9, 0.3)), 0.1, 0.001) == pytest.approx(50.01)
    assert shunt_ceiling_a(currents((9, Code.NACK)), 0.1, 0.001) is None


@given(
    start_a=st.floats(0.001, 50),
    decay_s=st.floats(1e-6, 10),
    longest_s=st.floats(1e-4, 0.1),
)
def test_no_inrush_that_fades_to_what_was_seen_holds_more_charge(
    start_a: float, decay_s: float, longest_s: float
) -> None:
    flowed_as = start_a * decay_s * -math.expm1(-longest_s / decay_s)
    seen_a = start_a * math.exp(-longest_s / decay_s)
    assert flowed_as <= unseen_inrush_as(longest_s, seen_a, 50.0) * (1 + 1e-9) or seen_a == 0.0


def test_a_load_steps_from_one_steady_current_to_the_other() -> None:
    before, after = currents((5, 0.25), (5, 0.26)), currents((3, 0.3), (2, Code.GAP), (3, 0.31))
    step = load_step(before, after, lsb_a=0.001)
    assert step is not None
    assert [step.low, step.high] == pytest.approx([0.038, 0.062])
    assert list(steady_current(before, lsb_a=0.001) or ()) == pytest.approx([0.249, 0.261])


def test_without_a_sample_on_either_side_there_is_no_step() -> None:
    assert load_step(currents((5, 0.25)), currents((5, Code.GAP)), lsb_a=0.001) is None
