"""
A battery at a level: shown, proven by the DUT, and full again whatever happens.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import DeviceError, NotProven, UsageError
from harness.faults.battery_level import BatteryLevel
from harness.model.instant import Instant
from harness.model.undo import Undo
from tests.faults.batteries import Cast, Dut, S, SimpleBattery, carried_out, play, spec_of


def level_of(battery: SimpleBattery, dut: Dut, for_s: float | None = 10.0, **keys: Any) -> BatteryLevel:
    return BatteryLevel(spec_of(BatteryLevel, for_s=for_s, **keys), Cast(battery=battery, probes__health=dut))


@given(st.integers(0, 97), st.floats(3.0, 30.0), st.floats(0.05, 2.0))
def test_effect_and_removal_hold_the_moment_at_which_the_dut_knew(level: int, for_s: float, look_s: float) -> None:
    async def main() -> None:
        battery = SimpleBattery()
        dut = Dut(battery)
        fault = level_of(battery, dut, for_s, level_ratio=level / 100, look_s=look_s)
        strike, effective, removed = await carried_out(fault, dut.play)
        knew_ns = dut.first(lambda shown: shown == level)
        assert effective is not None
        assert effective.holds(knew_ns)
        assert effective.earliest_ns >= strike.commanded.earliest_ns
        assert removed.holds(dut.first(lambda shown: shown == 100, from_ns=knew_ns))
        assert battery.is_full_and_honest

    play(main)


def test_it_lasts_as_long_as_it_was_asked_to() -> None:
    async def main() -> None:
        battery = SimpleBattery()
        strike, _, _ = await carried_out(level_of(battery, dut := Dut(battery), 7.0), dut.play)
        assert strike.removal_commanded == Instant.exactly(strike.commanded.latest_ns + 7 * S)

    play(main)


def test_a_gauge_that_the_dut_does_not_read_proves_nothing() -> None:
    async def main() -> None:
        battery = SimpleBattery()
        dut = Dut(battery, deaf=True)
        strike, effective, _ = await carried_out(level_of(battery, dut), dut.play)
        assert effective is None
        assert "battery_percent = 100.0" in strike.why_not()

    play(main)


def test_a_level_that_the_dut_shows_already_cannot_be_proven() -> None:
    async def main() -> None:
        battery = SimpleBattery()
        with pytest.raises(NotProven, match="that is what the fault would show"):
            await carried_out(level_of(battery, dut := Dut(battery), level_ratio=0.995), dut.play)
        assert battery.calls == 0

    play(main)


@pytest.mark.parametrize(("keys", "why"), [({"field": "charge"}, "charge = null"), ({}, "connection refused")])
def test_a_dut_that_says_nothing_beforehand_is_not_struck(keys: dict[str, str], why: str) -> None:
    async def main() -> None:
        battery = SimpleBattery()
        dut = Dut(battery)
        dut.is_dead = not keys
        with pytest.raises(NotProven, match=why):
            await carried_out(level_of(battery, dut, **keys), dut.play)
        assert battery.calls == 0

    play(main)


def test_a_dut_that_goes_down_was_affected_and_the_gauge_vouches_for_the_removal() -> None:
    async def main() -> None:
        battery = SimpleBattery()
        dut = Dut(battery, dies_at=10)
        strike, effective, removed = await carried_out(level_of(battery, dut, level_ratio=0.05), dut.play)
        assert effective is not None
        assert effective.holds(dut.first(lambda shown: shown == 5))
        assert removed == strike.removal_commanded

    play(main)


def test_a_dut_that_goes_on_showing_the_level_is_not_proven_restored() -> None:
    async def main() -> None:
        battery = SimpleBattery()
        dut = Dut(battery, latches=True)
        with pytest.raises(NotProven, match=r"battery: the battery was commanded full, but .* = 20.0"):
            await carried_out(level_of(battery, dut), dut.play)
        assert battery.is_full_and_honest

    play(main)


def test_every_call_may_fail_once_and_the_battery_is_full_in_the_end() -> None:
    for nth in count(1):
        battery = SimpleBattery(fails_at=nth)

        async def main(battery: SimpleBattery = battery) -> None:
            dut = Dut(battery)
            with suppress(DeviceError):
                await carried_out(level_of(battery, dut), dut.play)

        play(main)
        assert battery.is_full_and_honest, f"call {nth}"
        if battery.calls < nth:
            assert nth > 2
            break


def test_it_says_beforehand_what_it_will_do_and_what_undoes_it() -> None:
    battery = SimpleBattery()
    fault = level_of(battery, Dut(battery), 60.0, level_ratio=0.15)
    assert fault.plan() == [(0.0, "battery 15 %"), (60.0, "battery full")]
    assert fault.undo == (Undo(device="battery", action="full"),)
    assert fault.strikes == (("battery", 60.0, 1),)
    assert not fault.expects_loss


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ({"level_ratio": 1.2}, "level"),
        ({"look_s": 0.0}, "look"),
        ({"prove_s": -1.0}, "prove"),
        ({"for_s": None}, "for"),
    ],
)
def test_what_makes_no_sense_is_told_by_its_key(keys: dict[str, Any], key: str) -> None:
    battery = SimpleBattery()
    with pytest.raises(UsageError) as caught:
        level_of(battery, Dut(battery), **keys)
    assert caught.value.key == key
