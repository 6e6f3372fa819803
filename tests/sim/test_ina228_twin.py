"""
The INA228's twin against its datasheet (SLYS021).
"""

from __future__ import annotations

import anyio
import pytest

from harness import clock
from harness.sim._diag_alert_chip import (
    ADC_CONFIG,
    CONFIG,
    CURRENT,
    DEVICE_ID,
    DIAG_ALRT,
    MANUFACTURER_ID,
    POWER,
    SHUNT_CAL,
    VBUS,
    VSHUNT,
)
from tests.sim.chips import get, put, soldered
from tests.sim.played import Scribe, play

ALATCH, MATHOF, CNVRF = 1 << 15, 1 << 9, 1 << 1


def test_it_wakes_up_with_the_datasheets_registers() -> None:
    async def main() -> None:
        chip = soldered("ina228")
        registers = (CONFIG, ADC_CONFIG, SHUNT_CAL, DIAG_ALRT, MANUFACTURER_ID, DEVICE_ID)
        assert [get(chip, register) for register in registers] == [0, 0xFB68, 0x1000, 0x0001, 0x5449, 0x2281]
        put(chip, SHUNT_CAL, 0xFFFF)
        put(chip, VBUS, 0x1234)
        assert (get(chip, SHUNT_CAL), get(chip, VBUS, 3)) == (0x7FFF, 0)
        put(chip, CONFIG, 0x8000)
        assert get(chip, SHUNT_CAL) == 0x1000

    play(main)


def test_the_datasheets_example() -> None:
    # Section 8.2.2: 6 A through 16.2 mohm at 48 V, 10 A at most.
    async def main() -> None:
        chip = soldered("ina228", Scribe(6.0), shunt_ohm=0.0162, rail_keys={"supply_v": 48.0})
        put(chip, SHUNT_CAL, 4050)
        await anyio.sleep(0.01)
        assert get(chip, VSHUNT, 3) >> 4 == 311_040
        assert get(chip, VBUS, 3) >> 4 == 245_760
        assert get(chip, CURRENT, 3) >> 4 == 314_572
        assert get(chip, POWER, 3) * 3.2 * 10 / 2**19 == pytest.approx(288, abs=0.002)

    play(main)


def test_a_result_has_its_sign_in_the_highest_of_its_24_bits() -> None:
    async def main() -> None:
        chip = soldered("ina228", Scribe(-312.5e-9 / 0.1))
        await anyio.sleep(0.01)
        assert chip.read(VSHUNT, 3) == b"\xff\xff\xf0"
        assert chip.read(CURRENT, 3) == b"\xff\xff\xf0"

    play(main)


def test_the_finer_range_has_four_times_the_steps() -> None:
    async def main() -> None:
        chip = soldered("ina228", Scribe(0.1))
        await anyio.sleep(0.01)
        assert get(chip, VSHUNT, 3) >> 4 == 32_000
        put(chip, CONFIG, 0x0010)
        await anyio.sleep(0.01)
        assert get(chip, VSHUNT, 3) >> 4 == 128_000

    play(main)


def test_conversion_ready_stays_up_only_with_the_latch_and_until_it_is_read() -> None:
    async def main() -> None:
        chip = soldered("ina228")
        await anyio.sleep(0.1)
        assert not get(chip, DIAG_ALRT) & CNVRF
        put(chip, DIAG_ALRT, ALATCH)
        await anyio.sleep(0.1)
        assert get(chip, DIAG_ALRT) & CNVRF
        assert not get(chip, DIAG_ALRT) & CNVRF
        await anyio.sleep(0.1)
        put(chip, ADC_CONFIG, 0xB000)
        assert not get(chip, DIAG_ALRT) & CNVRF

    play(main)


@pytest.mark.parametrize(
    ("configuration", "period_us"),
    [
        (0xFB68, 3 * 1052),  # both, and the temperature
        (0xB000, 100),
        (0xB000 | 7 << 9 | 1 << 6, 4120 + 84),
        (0xB002, 1600),
        (0xA000 | 2 << 6, 150),
        (0x9000 | 3 << 9, 280),
        (0xC000 | 4 << 3, 540),
    ],
)
def test_the_configuration_sets_what_is_converted_and_how_long_it_takes(configuration: int, period_us: int) -> None:
    async def main() -> None:
        chip = soldered("ina228")
        put(chip, ADC_CONFIG, configuration)
        start_ns = clock.now_ns()
        await clock.sleep_until(start_ns + 2000 * period_us)
        chip.catch_up()
        assert chip.window == (start_ns + 1000 * period_us, start_ns + 2000 * period_us)

    play(main)


@pytest.mark.parametrize("configuration", [0x0000, 0x8000])
def test_one_that_is_shut_down_converts_nothing(configuration: int) -> None:
    async def main() -> None:
        chip = soldered("ina228")
        put(chip, ADC_CONFIG, configuration)
        await anyio.sleep(1)
        chip.catch_up()
        assert get(chip, VBUS, 3) == 0

    play(main)


def test_a_calibration_too_small_for_the_current_overflows_and_none_reads_nothing() -> None:
    async def main() -> None:
        chip = soldered("ina228", Scribe(1.0))
        put(chip, SHUNT_CAL, 1000)
        await anyio.sleep(0.01)
        assert get(chip, DIAG_ALRT) & MATHOF
        put(chip, SHUNT_CAL, 0)
        put(chip, ADC_CONFIG, 0xFB68)
        await anyio.sleep(0.01)
        assert not get(chip, DIAG_ALRT) & MATHOF
        assert get(chip, CURRENT, 3) == 0

    play(main)


def test_an_overflow_stays_up_until_the_conversions_are_started_anew() -> None:
    async def main() -> None:
        scribe = Scribe(1.0)
        chip = soldered("ina228", scribe)
        put(chip, SHUNT_CAL, 1000)
        await anyio.sleep(0.01)
        chip.catch_up()
        scribe.amps = 0.1
        await anyio.sleep(0.01)
        assert get(chip, DIAG_ALRT) & MATHOF
        put(chip, ADC_CONFIG, 0xFB68)
        assert not get(chip, DIAG_ALRT) & MATHOF
        await anyio.sleep(0.01)
        assert not get(chip, DIAG_ALRT) & MATHOF

    play(main)
