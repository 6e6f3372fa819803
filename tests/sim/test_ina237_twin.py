"""
The INA237's twin against its datasheet (SBOSA20A), where it is not its big sister's.
"""

from __future__ import annotations

import anyio
import pytest

from harness.sim._diag_alert_chip import CONFIG, CURRENT, DEVICE_ID, MANUFACTURER_ID, POWER, SHUNT_CAL, VBUS, VSHUNT
from tests.sim.chips import get, put, soldered
from tests.sim.played import Scribe, play


def test_it_says_its_maker_and_no_device() -> None:
    async def main() -> None:
        chip = soldered("ina237")
        assert (get(chip, MANUFACTURER_ID), get(chip, DEVICE_ID)) == (0x5449, 0)

    play(main)


def test_the_datasheets_example() -> None:
    # Section 8.2.2: 6 A through 16.2 mohm at 48 V, 10 A at most; power is 24 bits all the same.
    async def main() -> None:
        chip = soldered("ina237", Scribe(6.0), shunt_ohm=0.0162, rail_keys={"supply_v": 48.0})
        put(chip, SHUNT_CAL, 4050)
        await anyio.sleep(0.01)
        assert (get(chip, VSHUNT), get(chip, VBUS), get(chip, CURRENT)) == (19_440, 15_360, 19_660)
        assert get(chip, POWER, 3) * 0.2 * 10 / 2**15 == pytest.approx(288, abs=0.02)

    play(main)


@pytest.mark.parametrize(("amps", "coarse", "fine"), [(0.1, 2000, 8000), (-0.1, 63_536, 57_536), (3.0, 0x7FFF, 0x7FFF)])
def test_the_finer_range_has_four_times_the_steps(amps: float, coarse: int, fine: int) -> None:
    async def main() -> None:
        chip = soldered("ina237", Scribe(amps))
        await anyio.sleep(0.01)
        assert get(chip, VSHUNT) == coarse
        put(chip, CONFIG, 0x0010)
        await anyio.sleep(0.01)
        assert get(chip, VSHUNT) == fine

    play(main)
