"""
The INA226's twin against its datasheet.
"""

from __future__ import annotations

import errno
from typing import Any

import anyio
import pytest

from harness import clock
from harness.sim.ina226 import ALERT_LIMIT, BUS, CALIBRATION, CONFIGURATION, CURRENT, INA226, MASK_ENABLE, POWER, SHUNT
from harness.sim.world import World
from tests.sim.played import ADDRESS, PIN, Scribe, play, world_of
from tests.sim.played import BUS as BUS_NUMBER

CVRF, OVF, AFF = 8, 4, 16
MANUFACTURER_ID, DIE_ID = 0xFE, 0xFF


def chip_of(world: World) -> INA226:
    chip = world.chips[BUS_NUMBER, ADDRESS]
    assert isinstance(chip, INA226)
    return chip


def get(chip: INA226, register: int) -> int:
    return int.from_bytes(chip.read(register, 2), "big")


def put(chip: INA226, register: int, word: int) -> None:
    chip.write(register, word.to_bytes(2, "big"))


def exact(unit: Any = None, **chip: Any) -> World:
    """
    A world whose chip keeps perfect time.
    """
    return world_of(unit or Scribe(), chip={"clock_ratio": 0.0, **chip})


def test_it_wakes_up_with_the_datasheets_registers() -> None:
    async def main() -> None:
        chip = chip_of(exact())
        assert (get(chip, CONFIGURATION), get(chip, MANUFACTURER_ID), get(chip, DIE_ID)) == (0x4127, 0x5449, 0x2260)
        assert [get(chip, register) for register in (SHUNT, BUS, POWER, CURRENT, CALIBRATION, ALERT_LIMIT)] == [0] * 6
        put(chip, BUS, 0x1234)
        put(chip, DIE_ID, 0x1234)
        chip.write(CALIBRATION, b"\x12")
        assert (get(chip, BUS), get(chip, DIE_ID), get(chip, CALIBRATION)) == (0, 0x2260, 0)

    play(main)


def test_a_conversion_is_shunt_then_bus_and_shows_when_both_are_done() -> None:
    async def main() -> None:
        chip = chip_of(exact())
        await anyio.sleep(0.002199)
        assert get(chip, BUS) == 0
        assert not get(chip, MASK_ENABLE) & CVRF
        await anyio.sleep(0.000001)
        assert get(chip, BUS) == 4000  # 5 V of 1.25 mV
        assert get(chip, SHUNT) == 10_000  # 25 mV of 2.5 µV
        assert chip.window == (0, 2_200_000)

    play(main)


def test_reading_mask_enable_or_writing_the_configuration_clears_conversion_ready() -> None:
    async def main() -> None:
        chip = chip_of(exact())
        await anyio.sleep(0.003)
        assert get(chip, MASK_ENABLE) & CVRF
        assert not get(chip, MASK_ENABLE) & CVRF
        await anyio.sleep(0.0022)
        put(chip, CONFIGURATION, 0x4127)
        assert not get(chip, MASK_ENABLE) & CVRF
        await anyio.sleep(0.0022)
        # A power-down keeps the flag and the values.
        put(chip, CONFIGURATION, 0x4120)
        assert get(chip, MASK_ENABLE) & CVRF
        await anyio.sleep(1)
        assert not get(chip, MASK_ENABLE) & CVRF
        assert get(chip, BUS) == 4000

    play(main)


@pytest.mark.parametrize(
    ("config", "period_ns"),
    [(0x4007, 280_000), (0x4127, 2_200_000), (0x4327, 8_800_000), (0x41DF, 588_000 + 8_244_000), (0x4126, 1_100_000)],
)
def test_the_configuration_sets_the_period(config: int, period_ns: int) -> None:
    async def main() -> None:
        chip = chip_of(exact())
        put(chip, CONFIGURATION, config)
        start_ns = clock.now_ns()
        await clock.sleep_until(start_ns + 3 * period_ns + 1)
        chip.catch_up()
        assert chip.window == (start_ns + 2 * period_ns, start_ns + 3 * period_ns)

    play(main)


def test_a_triggered_conversion_happens_once() -> None:
    async def main() -> None:
        chip = chip_of(exact())
        put(chip, CONFIGURATION, 0x4123)
        await anyio.sleep(1)
        assert get(chip, MASK_ENABLE) & CVRF
        await anyio.sleep(1)
        assert not get(chip, MASK_ENABLE) & CVRF

    play(main)


def test_averages_take_turns_over_the_whole_window() -> None:
    async def main() -> None:
        world = exact()
        chip, rail = chip_of(world), world.rails["main"]
        put(chip, CONFIGURATION, 0x4327)  # four averages of 1.1 ms
        await anyio.sleep(0.1)
        world.drive(PIN, 0)
        await anyio.sleep(0.050)
        word = get(chip, BUS)
        assert chip.window is not None
        start_ns, _ = chip.window
        turns = [start_ns + turn * 2_200_000 + 1_100_000 for turn in range(4)]
        mean_v = sum(rail.mean_v(turn, turn + 1_100_000) for turn in turns) / 4
        assert word * 1.25e-3 == pytest.approx(mean_v, abs=0.000_626)

    play(main)


def test_current_and_power_follow_from_the_calibration() -> None:
    async def main() -> None:
        chip = chip_of(exact())
        put(chip, CALIBRATION, 2560)  # 0.00512 / (20 µA x 0.1 ohm)
        await anyio.sleep(0.01)
        assert get(chip, CURRENT) == 12_500  # 0.25 A of 20 µA
        assert get(chip, POWER) == 2500  # 1.25 W of 25 x 20 µA

    play(main)


def test_current_has_a_sign_and_saturates_with_a_flag() -> None:
    async def main() -> None:
        scribe = Scribe(-0.1)
        chip = chip_of(exact(scribe))
        put(chip, CALIBRATION, 4096)
        await anyio.sleep(0.01)
        assert get(chip, SHUNT) == 0x10000 - 4000
        assert not get(chip, MASK_ENABLE) & OVF
        scribe.amps = -2.0
        await anyio.sleep(0.01)
        assert get(chip, SHUNT) == 0x8000
        assert get(chip, MASK_ENABLE) & OVF
        scribe.amps = 2.0
        await anyio.sleep(0.01)
        assert get(chip, SHUNT) == 0x7FFF

    play(main)


@pytest.mark.parametrize(
    ("function", "limit", "alerts"),
    [
        (1 << 15, 9_999, True),
        (1 << 15, 10_000, False),
        (1 << 14, 10_001, True),
        (1 << 13, 3_999, True),
        (1 << 12, 4_000, False),
        (1 << 11, 0, False),
        (0, 0, False),
    ],
)
def test_the_alert_flag_compares_with_the_limit(function: int, limit: int, alerts: bool) -> None:
    async def main() -> None:
        chip = chip_of(exact())
        put(chip, MASK_ENABLE, function)
        put(chip, ALERT_LIMIT, limit)
        await anyio.sleep(0.01)
        assert bool(get(chip, MASK_ENABLE) & AFF) is alerts

    play(main)


def test_a_reset_loses_the_registers_and_starts_anew() -> None:
    async def main() -> None:
        chip = chip_of(exact())
        for reset in (lambda: put(chip, CONFIGURATION, 0xC127), chip.reset):
            put(chip, CALIBRATION, 2560)
            put(chip, CONFIGURATION, 0x4007)
            await anyio.sleep(0.01)
            reset()
            assert (get(chip, CONFIGURATION), get(chip, CALIBRATION), get(chip, BUS)) == (0x4127, 0, 0)

    play(main)


def test_one_that_hangs_on_its_own_rail_is_gone_with_it_and_comes_back_blank() -> None:
    async def main() -> None:
        world = world_of(Scribe(), chip={"defect": "resets"})
        chip = chip_of(world)
        put(chip, CALIBRATION, 2560)
        await anyio.sleep(1)
        world.drive(PIN, 0)
        await anyio.sleep(1)
        with pytest.raises(OSError, match="Remote") as caught:
            chip.read(BUS, 2)
        assert caught.value.errno == errno.EREMOTEIO
        world.drive(PIN, 1)
        await anyio.sleep(1)
        assert get(chip, CALIBRATION) == 0
        put(chip, CALIBRATION, 2560)
        world.drive(PIN, 0)
        await anyio.sleep(0.02)
        world.drive(PIN, 1)
        await anyio.sleep(1)
        assert get(chip, CALIBRATION) == 2560  # it sagged, and not below 2.7 V

    play(main)


def test_a_dead_one_never_acknowledges_and_a_sleeping_one_never_converts() -> None:
    async def main() -> None:
        dead = chip_of(exact(defect="dead"))
        with pytest.raises(OSError, match="Remote"):
            dead.read(DIE_ID, 2)
        with pytest.raises(OSError, match="Remote"):
            dead.write(CALIBRATION, b"\0\0")
        sleeping = chip_of(exact(defect="sleeping"))
        put(sleeping, CONFIGURATION, 0x4127)
        await anyio.sleep(1)
        assert (get(sleeping, BUS), get(sleeping, MASK_ENABLE) & CVRF) == (0, 0)

    play(main)


def test_its_clock_is_off_by_at_most_its_share_and_by_its_seed() -> None:
    periods = set()

    async def main() -> None:
        for seed in range(20):
            chip = chip_of(world_of(Scribe(), seed))
            start_ns = clock.now_ns()
            await clock.sleep_until(start_ns + 3_000_000)
            chip.catch_up()
            assert chip.window is not None
            periods.add(chip.window[1] - chip.window[0])

    play(main)
    assert len(periods) == 20
    assert 2_200_000 * 0.9 - 2 <= min(periods) < 2_150_000 < 2_250_000 < max(periods) <= 2_200_000 * 1.1 + 2
