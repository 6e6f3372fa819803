"""
A gauge that lies: each lie is proven by what a DUT can see of it.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from harness.errors import DeviceError, NotProven, UsageError
from harness.faults.gauge_fault import GaugeFault
from tests.faults.batteries import Cast, Dut, SimpleBattery, carried_out, play, spec_of


def fault_of(battery: SimpleBattery, dut: Dut, lie: str, for_s: float | None = 30.0, **keys: Any) -> GaugeFault:
    spec = spec_of(GaugeFault, for_s=for_s, lie=lie, **keys)
    return GaugeFault(spec, Cast(battery=battery, probes__health=dut))


@pytest.mark.parametrize(
    ("lie", "keys", "is_shown"),
    [
        ("jump", {}, lambda shown: shown == 50),
        ("jump", {"by_ratio": -0.3}, lambda shown: shown == 70),
        ("drift", {}, lambda shown: shown is not None and shown < 99),
        ("drift", {"by_ratio": -0.6}, lambda shown: shown is not None and shown < 99),
        ("garbage", {}, lambda shown: shown is None),
        ("nack", {}, lambda shown: shown is None),
    ],
)
def test_the_effect_is_the_first_report_that_shows_the_lie(lie: str, keys: dict[str, float], is_shown: Any) -> None:
    async def main() -> None:
        battery = SimpleBattery()
        dut = Dut(battery)
        strike, effective, removed = await carried_out(fault_of(battery, dut, lie, **keys), dut.play)
        shown_ns = dut.first(is_shown)
        assert effective is not None
        assert effective.holds(shown_ns)
        assert removed.holds(dut.first(lambda shown: shown == 100, from_ns=shown_ns))
        assert removed.earliest_ns >= strike.commanded.latest_ns
        assert battery.is_full_and_honest

    play(main)


def test_a_stuck_gauge_is_proven_by_its_own_read_back() -> None:
    async def main() -> None:
        battery = SimpleBattery()
        dut = Dut(battery)
        strike, effective, _ = await carried_out(fault_of(battery, dut, "stuck"), dut.play)
        assert effective == strike.commanded
        assert battery.is_full_and_honest

    play(main)


@pytest.mark.parametrize("lie", ["jump", "drift", "garbage", "nack"])
def test_a_lie_that_does_not_reach_the_dut_is_not_proven(lie: str) -> None:
    async def main() -> None:
        battery = SimpleBattery()
        dut = Dut(battery, deaf=True)
        strike, effective, _ = await carried_out(fault_of(battery, dut, lie), dut.play)
        assert effective is None
        assert "battery_percent = 100.0" in strike.why_not()

    play(main)


def test_a_jump_that_cannot_be_seen_is_not_proven() -> None:
    async def main() -> None:
        battery = SimpleBattery()
        dut = Dut(battery)
        _, effective, _ = await carried_out(fault_of(battery, dut, "jump", by_ratio=0.4), dut.play)
        assert effective is None

    play(main)


def test_a_dut_that_believes_the_lie_for_ever_is_not_proven_restored() -> None:
    async def main() -> None:
        battery = SimpleBattery()
        dut = Dut(battery, latches=True)
        with pytest.raises(NotProven, match=r"battery_percent = 50\.0"):
            await carried_out(fault_of(battery, dut, "jump"), dut.play)
        assert battery.is_full_and_honest

    play(main)


@pytest.mark.parametrize("lie", ["stuck", "jump", "drift", "garbage", "nack"])
def test_every_call_may_fail_once_and_the_gauge_is_honest_in_the_end(lie: str) -> None:
    for nth in count(1):
        battery = SimpleBattery(fails_at=nth)

        async def main(battery: SimpleBattery = battery) -> None:
            dut = Dut(battery)
            with suppress(DeviceError):
                await carried_out(fault_of(battery, dut, lie), dut.play)

        play(main)
        assert battery.is_full_and_honest, f"call {nth}"
        if battery.calls < nth:
            assert nth > 2
            break


def test_a_lie_that_the_battery_cannot_tell_is_refused_with_the_reason() -> None:
    battery = SimpleBattery(cannot={"nack": "a voltage cannot refuse to answer"})
    with pytest.raises(UsageError, match="'battery' cannot tell the lie 'nack': a voltage cannot refuse") as caught:
        fault_of(battery, Dut(battery), "nack")
    assert caught.value.key == "lie"


@pytest.mark.parametrize(
    ("lie", "keys", "key"),
    [
        ("jump", {"for_s": None}, "for"),
        ("jump", {"by_ratio": 0.01}, "by"),
        ("drift", {"by_ratio": -1.5}, "by"),
        ("nack", {"by_ratio": 0.2}, "by"),
    ],
)
def test_what_makes_no_sense_is_told_by_its_key(lie: str, keys: dict[str, Any], key: str) -> None:
    battery = SimpleBattery()
    with pytest.raises(UsageError) as caught:
        fault_of(battery, Dut(battery), lie, **keys)
    assert caught.value.key == key


def test_it_says_beforehand_what_it_will_do() -> None:
    battery = SimpleBattery()
    dut = Dut(battery)
    assert fault_of(battery, dut, "jump").plan() == [
        (0.0, "battery lies: jump by -50 %"),
        (30.0, "battery full and honest"),
    ]
    assert fault_of(battery, dut, "nack").plan()[0] == (0.0, "battery lies: nack")
