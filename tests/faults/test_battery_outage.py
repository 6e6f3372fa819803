"""
A battery that is all but empty: 5 %, unless it is told otherwise.
"""

from __future__ import annotations

import pytest

from harness.errors import UsageError
from harness.faults.battery_outage import BatteryOutage
from tests.faults.batteries import Cast, Dut, SimpleBattery, carried_out, play, spec_of


def outage_of(battery: SimpleBattery, dut: Dut, **keys: float) -> BatteryOutage:
    return BatteryOutage(spec_of(BatteryOutage, for_s=10.0, **keys), Cast(battery=battery, probes__health=dut))


@pytest.mark.parametrize(("keys", "percent"), [({}, 5.0), ({"level_ratio": 0.02}, 2.0)])
def test_the_dut_is_shown_an_empty_battery_and_then_a_full_one(keys: dict[str, float], percent: float) -> None:
    async def main() -> None:
        battery = SimpleBattery()
        dut = Dut(battery)
        _, effective, removed = await carried_out(outage_of(battery, dut, **keys), dut.play)
        assert effective is not None
        assert effective.holds(dut.first(lambda shown: shown == percent))
        assert removed.holds(dut.first(lambda shown: shown == 100, from_ns=effective.latest_ns))
        assert battery.is_full_and_honest

    play(main)


def test_a_dut_that_shuts_down_in_time_was_affected_too() -> None:
    async def main() -> None:
        battery = SimpleBattery()
        dut = Dut(battery, dies_at=8)
        _, effective, _ = await carried_out(outage_of(battery, dut), dut.play)
        assert effective is not None
        assert battery.is_full_and_honest

    play(main)


def test_its_level_is_a_level() -> None:
    with pytest.raises(UsageError, match="0 % to 100 %"):
        outage_of(battery := SimpleBattery(), Dut(battery), level_ratio=-0.1)
