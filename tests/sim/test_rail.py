"""
The rail's analytic answers against plain numeric ones.
"""

from __future__ import annotations

import math
from bisect import bisect_right

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from harness.model.world import ContactSpec, RailSpec
from harness.sim.rail import Rail
from tests.sim.played import MS, Scribe

SUPPLY_V, BROWN_OUT_V = 5.0, 3.0
END_NS = 200 * MS

Strokes = list[tuple[int, bool]]
strokes_of = st.lists(st.integers(1, END_NS - 1), min_size=1, max_size=12, unique=True).map(
    lambda moments: [(at_ns, index % 2 == 1) for index, at_ns in enumerate(sorted(moments))]
)
hold_ups = st.sampled_from([0.001, 0.02, 0.15])


def rail_of(strokes: Strokes, hold_up_s: float = 0.02, unit: Scribe | None = None) -> Rail:
    spec = RailSpec(dut="node", hold_up_s=hold_up_s, contact=ContactSpec(pin=1))
    rail = Rail(spec, unit or Scribe(), True, 0)
    rail.move(0, strokes)
    return rail


def stepped_v(strokes: Strokes, hold_up_s: float, at_ns: int) -> float:
    """
    The voltage by walking through the strokes: full while closed, 5 V to 3 V in one hold-up time while open.
    """
    voltage_v, closed, then_ns = SUPPLY_V, True, 0
    for stroke_ns, closes in [*strokes, (1 << 62, True)]:
        until_ns = min(stroke_ns, at_ns)
        if not closed:
            voltage_v *= (BROWN_OUT_V / SUPPLY_V) ** ((until_ns - then_ns) / 1e9 / hold_up_s)
        if stroke_ns > at_ns:
            break
        closed, then_ns = closes, stroke_ns
        voltage_v = SUPPLY_V if closed else voltage_v
    return voltage_v


@given(strokes_of, hold_ups, st.integers(0, END_NS))
def test_voltage_is_what_walking_through_the_strokes_gives(strokes: Strokes, hold_up_s: float, at_ns: int) -> None:
    assert rail_of(strokes, hold_up_s).voltage_v(at_ns) == pytest.approx(stepped_v(strokes, hold_up_s, at_ns))


@given(strokes_of, hold_ups, st.integers(0, END_NS), st.integers(0, END_NS))
def test_mean_voltage_is_what_adding_up_gives(strokes: Strokes, hold_up_s: float, one: int, other: int) -> None:
    from_ns, to_ns = sorted((one, other))
    assume(to_ns - from_ns > MS)
    rail, count = rail_of(strokes, hold_up_s), 1000
    step = (to_ns - from_ns) / count
    summed = sum(rail.voltage_v(round(from_ns + (index + 0.5) * step)) for index in range(count)) / count
    # Each stroke may fall anywhere in one step of the sum.
    assert rail.mean_v(from_ns, to_ns) == pytest.approx(summed, abs=SUPPLY_V * (len(strokes) + 1) / count)


@given(strokes_of, hold_ups, st.floats(0.05, 4.99), st.lists(st.integers(0, END_NS), min_size=20, max_size=20))
def test_crossings_part_the_time_above_from_the_time_below(
    strokes: Strokes, hold_up_s: float, threshold_v: float, moments: list[int]
) -> None:
    rail = rail_of(strokes, hold_up_s)
    crossings = rail.crossings(threshold_v, 0)
    for at_ns, up in crossings:
        assert (rail.voltage_v(at_ns) >= threshold_v) is up
        assert (rail.voltage_v(at_ns - 1) >= threshold_v) is not up
    times = [at_ns for at_ns, _ in crossings]
    assert times == sorted(times)
    for at_ns in moments:
        passed = bisect_right(times, at_ns)
        above = crossings[passed - 1][1] if passed else True
        assert (rail.voltage_v(at_ns) >= threshold_v) is above
        assert rail.crossings(threshold_v, at_ns) == [crossing for crossing in crossings if crossing[0] >= at_ns]


@given(strokes_of, st.integers(0, END_NS), st.integers(0, END_NS))
def test_forgetting_changes_nothing_of_what_came_after(strokes: Strokes, before_ns: int, at_ns: int) -> None:
    assume(at_ns >= before_ns)
    rail, whole = rail_of(strokes), rail_of(strokes)
    rail.forget(before_ns)
    assert rail.voltage_v(at_ns) == whole.voltage_v(at_ns)
    assert rail.mean_v(before_ns, at_ns) == pytest.approx(whole.mean_v(before_ns, at_ns))
    assert rail.crossings(3.0, before_ns + 1) == whole.crossings(3.0, before_ns + 1)


def test_hold_up_runs_from_the_opening_to_brown_out() -> None:
    rail = rail_of([(10 * MS, False)], hold_up_s=0.030)
    assert rail.crossings(BROWN_OUT_V, 0) == [(40 * MS + 1, False)]
    assert rail.voltage_v(40 * MS) == pytest.approx(BROWN_OUT_V)


def test_a_threshold_above_the_supply_is_never_crossed() -> None:
    assert rail_of([(MS, False), (50 * MS, True)]).crossings(5.1, 0) == []


def test_no_current_comes_through_an_open_contact() -> None:
    rail = rail_of([(10 * MS, False), (20 * MS, True)])
    assert [rail.current_a(at_ns * MS) for at_ns in (5, 15, 25)] == [0.25, 0.0, 0.25]
    assert rail.mean_a(5 * MS, 25 * MS) == pytest.approx(0.125)


def test_a_units_step_counts_from_its_own_nanosecond() -> None:
    class Stepping(Scribe):
        def current_a(self, at_ns: int) -> float:
            return 0.4 if at_ns < 1_234_567 else 0.1

    rail = rail_of([], unit=Stepping())
    exact = (0.4 * 1_234_567 + 0.1 * (3 * MS - 1_234_567)) / (3 * MS)
    assert rail.mean_a(0, 3 * MS) == pytest.approx(exact, rel=1e-12)


def test_strokes_are_listed_as_they_come() -> None:
    rail = rail_of([(10 * MS, False), (20 * MS, True)])
    assert rail.strokes(0) == [10 * MS, 20 * MS]
    assert rail.strokes(10 * MS + 1) == [20 * MS]


def test_moving_takes_back_what_was_decided_for_later() -> None:
    rail = rail_of([(10 * MS, False), (20 * MS, True)])
    rail.move(15 * MS, [])
    assert not rail.is_closed(30 * MS)
    assert rail.voltage_v(10 * MS + 20 * MS) == pytest.approx(5.0 * math.exp(-math.log(5 / 3)))
