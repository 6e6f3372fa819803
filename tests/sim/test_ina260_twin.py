"""
The INA260's twin against its datasheet (SBOS656C), where it is not the INA226's.
"""

from __future__ import annotations

import anyio
import pytest

from harness.sim._mask_enable_chip import BUS, CONFIGURATION, DIE_ID, MANUFACTURER_ID, MASK_ENABLE, POWER
from tests.sim.chips import get, put, soldered
from tests.sim.played import Scribe, play

CURRENT = 0x01
CVRF, OVF = 8, 4


def test_it_wakes_up_with_the_datasheets_registers() -> None:
    async def main() -> None:
        chip = soldered("ina260")
        registers = (CONFIGURATION, CURRENT, BUS, POWER, MASK_ENABLE, MANUFACTURER_ID, DIE_ID)
        assert [get(chip, register) for register in registers] == [0x6127, 0, 0, 0, 0, 0x5449, 0x2270]
        put(chip, CONFIGURATION, 0x0000)
        assert get(chip, CONFIGURATION) == 0x6000

    play(main)


@pytest.mark.parametrize(("amps", "current"), [(10.0, 8000), (-10.0, 0x10000 - 8000), (50.0, 0x7FFF), (-50.0, 0x8000)])
def test_its_current_is_in_steps_of_its_own_shunt(amps: float, current: int) -> None:
    async def main() -> None:
        # Whatever shunt the world says: the one inside is trimmed.
        chip = soldered("ina260", Scribe(amps), rail_keys={"supply_v": 12.0})
        await anyio.sleep(0.0022)
        assert (get(chip, CURRENT), get(chip, BUS)) == (current, 9600)
        assert get(chip, MASK_ENABLE) & CVRF

    play(main)


@pytest.mark.parametrize(("amps", "power", "overflows"), [(10.0, 36_000, False), (11.7, 42_120, True)])
def test_its_power_is_in_steps_of_10_mw_and_ends_before_its_register(amps: float, power: int, overflows: bool) -> None:
    async def main() -> None:
        chip = soldered("ina260", Scribe(amps), rail_keys={"supply_v": 36.0})
        await anyio.sleep(0.01)
        assert get(chip, POWER) == pytest.approx(power, abs=1)
        assert bool(get(chip, MASK_ENABLE) & OVF) is overflows

    play(main)
