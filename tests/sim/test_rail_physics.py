"""
What else a rail does when its contact moves: it is held by another path, it takes an inrush, its unit steps.
"""

from __future__ import annotations

import math
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.world import ContactSpec, RailSpec
from harness.sim._steps import Amperes
from harness.sim.rail import Rail
from tests.sim.played import MS, Scribe, play, world_of
from tests.sim.test_rail import END_NS, Strokes, strokes_of

HELD_V, INRUSH_A, DECAY_NS = 1.2, 4.0, 2 * MS


def rail_of(strokes: Strokes, unit: Any = None, is_closed: bool = True, **physics: Any) -> Rail:
    spec = RailSpec(dut="node", hold_up_s=0.02, contact=ContactSpec(pin=1), **physics)
    rail = Rail(spec, unit or Scribe(), is_closed, 0)
    rail.move(0, strokes)
    return rail


def held_rail(strokes: Strokes, is_closed: bool = True) -> Rail:
    return rail_of(strokes, is_closed=is_closed, back_power_v=HELD_V)


def surging_rail(strokes: Strokes, **physics: Any) -> Rail:
    return rail_of(strokes, inrush_a=INRUSH_A, inrush_decay_s=DECAY_NS / 1e9, **physics)


def summed(value: Any, from_ns: int, to_ns: int, count: int = 2000) -> float:
    step = (to_ns - from_ns) / count
    return float(sum(value(round(from_ns + (index + 0.5) * step)) for index in range(count)) / count)


# --- another path -----------------------------------------------------------------------------------------------------


def test_another_path_holds_the_rail_where_its_decay_would_go_on() -> None:
    rail, free = held_rail([(MS, False)]), rail_of([(MS, False)])
    assert rail.voltage_v(10 * MS) == free.voltage_v(10 * MS)
    assert rail.voltage_v(10**10) == HELD_V
    assert rail.crossings(3.0, 0) == free.crossings(3.0, 0)
    assert rail.crossings(1.0, 0) == []
    assert rail.current_a(10**10) == 0


def test_a_rail_that_was_never_fed_stands_where_it_is_held() -> None:
    assert held_rail([], is_closed=False).voltage_v(0) == HELD_V


@given(strokes_of, st.integers(0, END_NS), st.integers(0, END_NS))
def test_the_mean_of_a_held_rail_is_what_adding_up_gives(strokes: Strokes, one: int, other: int) -> None:
    from_ns, to_ns = sorted((one, other + 2 * MS))
    rail = held_rail(strokes)
    assert rail.mean_v(from_ns, to_ns) == pytest.approx(
        summed(rail.voltage_v, from_ns, to_ns), abs=5.0 * (len(strokes) + 1) / 2000
    )


def test_a_unit_that_is_held_up_by_another_path_lives_on() -> None:
    async def main() -> None:
        unit = Scribe()
        world = world_of(unit, rail={"back_power_v": 4.6}, contact={"contact": "no"})
        # Nobody has closed its contact; the other path is enough to start.
        await anyio.sleep(1)
        assert [fed for _, fed in unit.told] == [True]
        world.close()

    play(main)


@pytest.mark.parametrize("volts", [-0.1, 5.0])
def test_another_path_is_weaker_than_the_supply(volts: float) -> None:
    with pytest.raises(ValueError, match="back_power"):
        RailSpec(dut="node", back_power_v=volts, contact=ContactSpec(pin=1))


# --- inrush -----------------------------------------------------------------------------------------------------------


def test_closing_on_an_empty_rail_takes_an_inrush_that_fades() -> None:
    rail = surging_rail([(MS, False), (5000 * MS, True)])
    assert rail.current_a(0) == 0.25
    assert rail.current_a(5000 * MS) == pytest.approx(0.25 + INRUSH_A)
    assert rail.current_a(5000 * MS + DECAY_NS) == pytest.approx(0.25 + INRUSH_A / math.e)


def test_closing_on_a_rail_that_is_half_full_takes_half_of_it() -> None:
    half_ns = round(0.02e9 * math.log(2) / math.log(5 / 3))
    rail = surging_rail([(MS, False), (MS + half_ns, True)])
    assert rail.current_a(MS + half_ns) == pytest.approx(0.25 + INRUSH_A / 2)


def test_a_contact_that_bounces_takes_the_rest_of_it_later() -> None:
    rail = surging_rail([(MS, False), (5000 * MS, True), (5002 * MS, False), (5003 * MS, True)])
    assert rail.current_a(5002 * MS) == 0
    rest_a = INRUSH_A / math.e + INRUSH_A * (1 - rail.voltage_v(5003 * MS - 1) / 5)
    assert rail.current_a(5003 * MS) == pytest.approx(0.25 + rest_a, rel=1e-6)


@given(strokes_of, st.integers(0, END_NS), st.integers(0, END_NS))
def test_its_mean_current_is_what_adding_up_gives(strokes: Strokes, one: int, other: int) -> None:
    from_ns, to_ns = sorted((one, other + 2 * MS))
    rail = surging_rail(strokes)
    assert rail.mean_a(from_ns, to_ns) == pytest.approx(
        summed(rail.current_a, from_ns, to_ns), abs=(INRUSH_A + 0.25) * (len(strokes) + 1) / 1000
    )
    assert max(rail.current_a(at_ns) for at_ns in range(0, END_NS, MS)) <= 0.25 + INRUSH_A


def test_forgetting_keeps_what_still_flows() -> None:
    strokes = [(MS, False), (50 * MS, True)]
    rail, whole = surging_rail(strokes), surging_rail(strokes)
    rail.forget(51 * MS)
    assert rail.mean_a(51 * MS, 60 * MS) == whole.mean_a(51 * MS, 60 * MS)


# --- a unit's steps ---------------------------------------------------------------------------------------------------

steps_of = st.lists(st.tuples(st.integers(1, 1000), st.floats(0, 2)), max_size=8, unique_by=lambda step: step[0]).map(
    sorted
)


@given(steps_of, st.integers(0, 1000), st.integers(0, 1000))
def test_a_current_of_any_number_of_steps_is_added_up(steps: list[tuple[int, float]], one: int, other: int) -> None:
    current = Amperes(0, 0.5)
    for at_ns, amperes in steps:
        current.set(at_ns, amperes)
    from_ns, to_ns = sorted((one, other))
    assert current.charge(from_ns, to_ns) == pytest.approx(sum(current.at(at_ns) for at_ns in range(from_ns, to_ns)))


def test_before_its_first_step_a_current_is_that_of_its_first_step() -> None:
    current = Amperes(100, 0.5)
    current.set(200, 1.0)
    assert current.charge(50, 250) == 0.5 * 150 + 1.0 * 50
