"""
A battery that runs down: every level in its turn, at its time, and full in the end.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import BenchError, UsageError
from harness.faults.battery_drain import BatteryDrain
from tests.faults.batteries import Cast, Dut, S, SimpleBattery, carried_out, play, spec_of


def drain_of(battery: SimpleBattery, dut: Dut, for_s: float | None = None, **keys: Any) -> BatteryDrain:
    return BatteryDrain(spec_of(BatteryDrain, for_s=for_s, **keys), Cast(battery=battery, probes__health=dut))


def test_by_default_it_is_the_missions_drain_and_the_dut_sees_every_percent() -> None:
    async def main() -> None:
        battery = SimpleBattery()
        dut = Dut(battery)
        strike, effective, removed = await carried_out(drain_of(battery, dut), dut.play)
        assert [percent for _, percent in battery.told] == list(range(100, 9, -1))
        gaps_ns = [later - earlier for (earlier, _), (later, _) in pairwise(battery.told)]
        assert all(abs(gap_ns - 30 * S) <= 1 for gap_ns in gaps_ns)
        assert [percent for _, percent in dut.reports] == [*range(100, 9, -1), 100]
        assert effective is not None
        assert effective.holds(dut.first(lambda shown: shown == 99))
        assert removed.holds(dut.first(lambda shown: shown == 100, from_ns=effective.latest_ns))
        assert strike.removal_commanded is not None
        assert abs(strike.removal_commanded.latest_ns - strike.commanded.earliest_ns - 91 * 30 * S) <= 1

    play(main)


@given(st.integers(0, 98), st.integers(1, 100), st.integers(1, 100))
def test_levels_fall_from_the_first_to_the_last_and_never_by_more_than_a_step(to: int, above: int, step: int) -> None:
    first = min(100, to + above)
    step = min(step, first - to)
    battery = SimpleBattery()
    fault = drain_of(
        battery, Dut(battery), from_ratio=first / 100, to_ratio=to / 100, step_ratio=step / 100, every_s=1.0
    )
    *levels, full = [what.split()[1] for _, what in fault.plan()]
    percents = [float(level) for level in levels]
    assert (percents[0], percents[-1], full) == (first, to, "full")
    assert all(0 < earlier - later <= step for earlier, later in pairwise(percents))
    assert [after_s for after_s, _ in fault.plan()] == list(range(len(levels) + 1))


def test_a_drain_that_starts_lower_is_effective_with_its_first_step() -> None:
    async def main() -> None:
        battery = SimpleBattery()
        dut = Dut(battery)
        fault = drain_of(battery, dut, from_ratio=0.5, to_ratio=0.4, step_ratio=0.05, every_s=5.0)
        _, effective, _ = await carried_out(fault, dut.play)
        assert effective is not None
        assert effective.holds(dut.first(lambda shown: shown == 45))

    play(main)


@pytest.mark.parametrize("nth", [1, 2, 3, 4, 5])
def test_whichever_command_fails_the_battery_is_full_in_the_end(nth: int) -> None:
    async def main() -> None:
        battery = SimpleBattery(fails_at=nth)
        dut = Dut(battery)
        fault = drain_of(battery, dut, to_ratio=0.98, every_s=3.0)
        if nth <= 3:
            with pytest.raises(BenchError, match="failed as asked"):
                await carried_out(fault, dut.play)
        else:
            await carried_out(fault, dut.play)
        assert battery.is_full_and_honest

    play(main)


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ({"for_s": 3.0}, "for"),
        ({"to_ratio": 1.0}, "to"),
        ({"from_ratio": 1.1}, "to"),
        ({"step_ratio": 0.0}, "step"),
        ({"step_ratio": 0.95}, "step"),
        ({"every_s": 0.0}, "every"),
    ],
)
def test_what_makes_no_sense_is_told_by_its_key(keys: dict[str, Any], key: str) -> None:
    battery = SimpleBattery()
    with pytest.raises(UsageError) as caught:
        drain_of(battery, Dut(battery), **keys)
    assert caught.value.key == key
