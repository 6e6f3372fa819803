"""
The energy between two moments of a trace.
"""

from __future__ import annotations

import pytest

from harness.model.trace import Code, Scale
from harness.science.energy import Ceilings, energy
from tests.science.traces import LSB, currents, ms

# Off for 20 ms, then 0.4 A at 5 V: 2 W.
ROWS = [(20, 0.0), (1000, 0.4)]
START, END = ms(20, 20), ms(900, 900)
KNOWN = Ceilings(surge_a=50.0, draw_a=1.0)


def test_it_is_the_product_of_voltage_current_and_time() -> None:
    found = energy(currents(*ROWS), START, END, lsb=LSB, ceilings=KNOWN)
    assert found is not None
    assert found.high is not None
    assert found.low < 1.76 < found.high
    assert found.low == pytest.approx(1.76, rel=0.02)
    # One millisecond after the rise was not seen whole: an inrush below 50 A may hide there.
    assert found.high < 1.76 + 0.01 + 50 * 5 * 0.001


def test_the_moments_widths_are_in_it() -> None:
    narrow = energy(currents(*ROWS), START, END, lsb=LSB, ceilings=KNOWN)
    wide = energy(currents(*ROWS), START, ms(890, 910), lsb=LSB, ceilings=KNOWN)
    assert narrow is not None
    assert wide is not None
    assert narrow.high is not None
    assert wide.high is not None
    assert wide.low == pytest.approx(narrow.low - 0.02, abs=1e-3)
    assert wide.high == pytest.approx(narrow.high + 0.02, abs=1e-3)


def test_a_step_is_somewhere_around_it() -> None:
    rows = currents((20, 0.0), (500, 0.4), (500, 0.2))
    found = energy(rows, START, END, lsb=Scale(0.0, 0.0), ceilings=Ceilings(0.4, 1.0))
    assert found is not None
    assert found.holds(5 * (0.4 * 0.5 + 0.2 * 0.38))
    assert found.high is not None
    assert found.high - found.low < 0.05


def test_it_holds_wherever_in_their_instants_the_conversions_were() -> None:
    pulses = 60
    rows = currents((20, 0.0), (82, 0.2), *((8, 0.4 if pulse % 2 else 0.2) for pulse in range(2 * pulses)), (80, 0.2))
    for row in range(len(rows)):
        rows.earliest_ns[row] -= 1_000_000
    end = ms(len(rows) - 20, len(rows) - 20)
    found = energy(rows, ms(19, 19), end, lsb=Scale(0.0, 0.0), ceilings=Ceilings(0.2, 1.0))
    assert found is not None
    # A pulse of eight conversions may have begun one earlier than it ended, or later.
    for pulse_ms in (7, 8, 9):
        assert found.holds(5 * (0.2 * (len(rows) - 40) + 0.2 * pulses * pulse_ms) / 1000)


@pytest.mark.parametrize("why", [Code.GAP, Code.NACK, Code.STALE, Code.RESET])
def test_in_a_gap_it_took_between_nothing_and_the_ceiling(why: Code) -> None:
    rows = currents((20, 0.0), (400, 0.4), (100, why), (500, 0.4))
    found, whole = (energy(one, START, END, lsb=LSB, ceilings=KNOWN) for one in (rows, currents(*ROWS)))
    assert found is not None
    assert whole is not None
    assert found.high is not None
    assert whole.high is not None
    assert whole.low - found.low == pytest.approx(2 * 0.1, rel=0.2)
    assert found.high - whole.high == pytest.approx((5 - 2) * 0.1, rel=0.2)


def test_beyond_the_meters_range_only_the_shunt_is_a_ceiling() -> None:
    rows = currents((20, 0.0), (400, 0.4), (10, Code.OVERFLOW), (500, 0.4))
    found = energy(rows, START, END, lsb=LSB, ceilings=KNOWN)
    assert found is not None
    assert found.high is not None
    assert found.high > 50 * 5 * 0.01


@pytest.mark.parametrize("ceilings", [Ceilings(), Ceilings(draw_a=1.0)])
def test_without_a_ceiling_an_inrush_has_no_bound(ceilings: Ceilings) -> None:
    found = energy(currents(*ROWS), START, END, lsb=LSB, ceilings=ceilings)
    assert found is not None
    assert found.low > 1.7
    assert found.high is None


def test_without_a_ceiling_a_gap_has_no_bound() -> None:
    rows = currents((20, 0.0), (400, 0.4), (1, Code.GAP), (500, 0.4))
    found = energy(rows, START, END, lsb=LSB, ceilings=Ceilings(surge_a=50.0))
    assert found is not None
    assert found.high is None


@pytest.mark.parametrize("moments", [(ms(-5, 20), END), (START, ms(900, 1100)), (ms(1500, 1500), ms(1600, 1600))])
def test_a_trace_that_does_not_span_it_tells_nothing(moments: tuple[object, object]) -> None:
    assert energy(currents(*ROWS), *moments, lsb=LSB, ceilings=KNOWN) is None  # type: ignore[arg-type]
