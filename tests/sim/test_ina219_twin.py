"""
The INA219's twin against its datasheet (SBOS448G).
"""

from __future__ import annotations

import anyio
import pytest

from harness import clock
from harness.sim.ina219 import BUS, CALIBRATION, CONFIGURATION, CURRENT, POWER, SHUNT
from tests.sim.chips import get, put, soldered
from tests.sim.played import Scribe, play

CNVR, OVF = 2, 1
DEFAULT = 0x399F


def test_it_wakes_up_with_the_datasheets_registers() -> None:
    async def main() -> None:
        chip = soldered("ina219")
        assert [get(chip, register) for register in range(6)] == [DEFAULT, 0, 0, 0, 0, 0]
        put(chip, SHUNT, 0x1234)
        put(chip, CALIBRATION, 0xFFFF)
        assert (get(chip, SHUNT), get(chip, CALIBRATION)) == (0, 0xFFFE)
        put(chip, CONFIGURATION, 0x8000)
        assert (get(chip, CONFIGURATION), get(chip, CALIBRATION)) == (DEFAULT, 0)

    play(main)


def test_the_datasheets_example() -> None:
    # Section 8.5.2.1: 10 A through 2 mohm at 11.98 V, LSB 1 mA.
    async def main() -> None:
        chip = soldered("ina219", Scribe(10.0), shunt_ohm=0.002, rail_keys={"supply_v": 11.98})
        put(chip, CONFIGURATION, 0x019F)
        put(chip, CALIBRATION, 0x5000)
        await anyio.sleep(0.01)
        assert (get(chip, SHUNT), get(chip, BUS) & ~CNVR, get(chip, CURRENT)) == (0x07D0, 0x5D98, 0x2710)
        assert get(chip, POWER) == 0x1766

    play(main)


@pytest.mark.parametrize(
    ("adc", "length_us"),
    [
        (0b0000, 84),
        (0b0001, 148),
        (0b0010, 276),
        (0b0011, 532),
        (0b0111, 532),
        (0b1000, 532),
        (0b1001, 1060),
        (0b1011, 4260),
        (0b1111, 68_100),
    ],
)
def test_each_input_is_converted_as_its_code_says(adc: int, length_us: int) -> None:
    async def main() -> None:
        chip = soldered("ina219")
        put(chip, CONFIGURATION, 0x3807 | adc << 3)  # the bus with 9 bits
        start_ns = clock.now_ns()
        period_ns = (length_us + 84) * 1000
        await clock.sleep_until(start_ns + 2 * period_ns)
        chip.catch_up()
        assert chip.window == (start_ns + period_ns, start_ns + 2 * period_ns)

    play(main)


def test_conversion_ready_is_cleared_by_the_power_register_or_a_new_mode_and_by_nothing_else() -> None:
    async def main() -> None:
        chip = soldered("ina219")
        await anyio.sleep(0.0011)
        for register in (BUS, SHUNT, CURRENT, CALIBRATION, CONFIGURATION):
            get(chip, register)
        assert get(chip, BUS) & CNVR
        get(chip, POWER)
        assert not get(chip, BUS) & CNVR
        await anyio.sleep(0.0011)
        assert get(chip, BUS) & CNVR
        put(chip, CONFIGURATION, DEFAULT)  # no new mode
        assert get(chip, BUS) & CNVR
        put(chip, CONFIGURATION, DEFAULT ^ 0b010)
        assert not get(chip, BUS) & CNVR

    play(main)


@pytest.mark.parametrize(("gain", "end"), [(0, 4000), (1, 8000), (2, 16_000), (3, 32_000)])
def test_the_shunt_ends_at_its_range(gain: int, end: int) -> None:
    async def main() -> None:
        for amps, found in ((9.0, end), (-9.0, 0x10000 - end)):
            chip = soldered("ina219", Scribe(amps))
            put(chip, CONFIGURATION, 0x219F | gain << 11)
            await anyio.sleep(0.01)
            assert get(chip, SHUNT) == found

    play(main)


@pytest.mark.parametrize(("configuration", "end"), [(0x199F, 4000), (0x399F, 8000)])
def test_the_bus_ends_at_its_range(configuration: int, end: int) -> None:
    async def main() -> None:
        chip = soldered("ina219", rail_keys={"supply_v": 40.0})
        put(chip, CONFIGURATION, configuration)
        await anyio.sleep(0.01)
        assert get(chip, BUS) >> 3 == end

    play(main)


def test_a_current_that_the_calibration_makes_too_great_overflows() -> None:
    async def main() -> None:
        chip = soldered("ina219")
        put(chip, CALIBRATION, 0xFFFE)  # 2500 steps of 10 µV, times 16
        await anyio.sleep(0.01)
        assert get(chip, BUS) & OVF
        put(chip, CALIBRATION, 0x8000)
        await anyio.sleep(0.01)
        assert not get(chip, BUS) & OVF

    play(main)


def test_a_triggered_conversion_happens_once_and_a_powered_down_one_never() -> None:
    async def main() -> None:
        chip = soldered("ina219")
        put(chip, CONFIGURATION, 0x399B)
        await anyio.sleep(1)
        assert get(chip, BUS) & CNVR
        get(chip, POWER)
        await anyio.sleep(1)
        assert not get(chip, BUS) & CNVR
        for mode in (0, 4):
            put(chip, CONFIGURATION, DEFAULT & ~7 | mode)
            await anyio.sleep(1)
            assert not get(chip, BUS) & CNVR

    play(main)
