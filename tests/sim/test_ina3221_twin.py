"""
The INA3221's twin against its datasheet (SBOS576B).
"""

from __future__ import annotations

import anyio
import pytest

from harness import clock
from harness.sim.ina3221 import CONFIGURATION, DIE_ID, MANUFACTURER_ID, MASK_ENABLE, SHUNT_SUM
from tests.devices.test_ina3221 import three_rails
from tests.sim.chips import chip_of, get, put
from tests.sim.played import Scribe, play

CVRF = 1


def test_it_wakes_up_with_the_datasheets_registers() -> None:
    async def main() -> None:
        chip = chip_of(three_rails())
        registers = (CONFIGURATION, MASK_ENABLE, MANUFACTURER_ID, DIE_ID, 0x07, 0x0C, 0x0E, 0x10, 0x11)
        found = [0x7127, 0x0002, 0x5449, 0x3220, 0x7FF8, 0x7FF8, 0x7FFE, 0x2710, 0x2328]
        assert [get(chip, register) for register in registers] == found
        put(chip, CONFIGURATION, 0x1007)
        put(chip, CONFIGURATION, 0x8000)
        assert get(chip, CONFIGURATION) == 0x7127

    play(main)


def test_each_input_has_thirteen_bits_and_a_sign_above_three_void_ones() -> None:
    async def main() -> None:
        chip = chip_of(three_rails((Scribe(0.1), Scribe(0.2), Scribe(-0.3))))
        await anyio.sleep(0.1)
        # 5, 12 and 24 V of 8 mV; 10, 20 and -30 mV of 40 µV.
        assert [get(chip, register) for register in (2, 4, 6)] == [625 << 3, 1500 << 3, 3000 << 3]
        assert [get(chip, register) for register in (1, 3, 5)] == [250 << 3, 500 << 3, 0x10000 - (750 << 3)]

    play(main)


@pytest.mark.parametrize(("amps", "code"), [(9.0, 0x7FF8), (-9.0, 0x8000)])
def test_a_shunt_ends_at_its_range(amps: float, code: int) -> None:
    async def main() -> None:
        chip = chip_of(three_rails((Scribe(amps), Scribe(), Scribe())))
        await anyio.sleep(0.1)
        assert get(chip, 1) == code

    play(main)


@pytest.mark.parametrize(
    ("configuration", "period_ns"),
    [
        (0x7127, 3 * 2_200_000),
        (0x4127, 2_200_000),
        (0x5007, 2 * 280_000),
        (0x3207, 2 * 4 * 280_000),
        (0x7125, 3 * 1_100_000),
    ],
)
def test_the_enabled_channels_are_converted_one_after_the_other(configuration: int, period_ns: int) -> None:
    async def main() -> None:
        chip = chip_of(three_rails(clock_ratio=0.0))
        put(chip, CONFIGURATION, configuration)
        start_ns = clock.now_ns()
        await clock.sleep_until(start_ns + period_ns - 1)
        assert not get(chip, MASK_ENABLE) & CVRF
        await clock.sleep_until(start_ns + period_ns)
        assert get(chip, MASK_ENABLE) & CVRF
        assert not get(chip, MASK_ENABLE) & CVRF
        assert chip.window == (start_ns, start_ns + period_ns)

    play(main)


def test_a_channel_that_is_not_enabled_keeps_what_it_had() -> None:
    async def main() -> None:
        world = three_rails()
        chip = chip_of(world)
        await anyio.sleep(0.1)
        put(chip, CONFIGURATION, 0x4127)
        world.drive(18, 0)
        await anyio.sleep(1)
        assert get(chip, 4) == 1500 << 3

    play(main)


def test_a_new_configuration_clears_conversion_ready_but_for_a_power_down() -> None:
    async def main() -> None:
        chip = chip_of(three_rails())
        await anyio.sleep(0.1)
        put(chip, CONFIGURATION, 0x7127)
        assert not get(chip, MASK_ENABLE) & CVRF
        await anyio.sleep(0.1)
        put(chip, CONFIGURATION, 0x7120)
        assert get(chip, MASK_ENABLE) & CVRF

    play(main)


def test_the_channels_that_are_chosen_are_summed() -> None:
    async def main() -> None:
        chip = chip_of(three_rails())
        put(chip, MASK_ENABLE, 0x5000)  # channels 1 and 3: 10 mV and -30 mV
        await anyio.sleep(0.1)
        assert get(chip, SHUNT_SUM) == 0x10000 - (500 << 1)

    play(main)
