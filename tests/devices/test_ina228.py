"""
What only the INA228's driver does: twenty bits in three bytes, two ranges, and a chip that doubts itself.
"""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from harness.devices.ina228 import INA228
from harness.errors import DeviceError
from harness.model.reading import Flag
from harness.sim.sim_bus import SimBus
from harness.sim.world import World
from tests.devices.monitors import PARTS, opened, world_with
from tests.sim.played import ADDRESS, BUS, Scribe, Wires, play

(PART,) = (part for part in PARTS if part.cls is INA228)
CONFIG, ADC_CONFIG, SHUNT_CAL, VSHUNT, DIAG_ALRT = 0x00, 0x01, 0x02, 0x04, 0x0B
MATHOF = 1 << 9


def word(world: World, register: int) -> int:
    return int.from_bytes(world.chips[BUS, ADDRESS].read(register, 2), "big")


@pytest.mark.parametrize(("adc_range", "full_a"), [(0, 1.6384), (1, 0.4096)])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_finer_range_is_a_quarter_with_a_quarter_of_the_step(adc_range: int, full_a: float, sign: int) -> None:
    async def main() -> None:
        step_a = full_a / 2**19
        near = sign * full_a * 0.9999
        meter = await opened(PART, world_with(PART, Scribe(near)), adc_range=adc_range)
        assert meter.scale.current_lsb_a == pytest.approx(step_a)
        assert (await meter.read()).current_a == pytest.approx(near, abs=step_a)
        beyond = await opened(PART, world_with(PART, Scribe(sign * full_a * 1.001)), adc_range=adc_range)
        assert (await beyond.read()).flag is Flag.OVERFLOW

    play(main)


@pytest.mark.parametrize("steps", [1, -1, 2, -2, 100, -100])
def test_a_few_steps_have_their_sign(steps: int) -> None:
    async def main() -> None:
        meter = await opened(PART, world_with(PART, Scribe(steps * 312.5e-9 / 0.1)))
        await anyio.sleep(0.1)
        sample = meter.poll()
        assert sample is not None
        assert sample.current == steps

    play(main)


@pytest.mark.parametrize("raw", [[0x7F, 0xFF, 0xE0], [0x80, 0x00, 0x10], [0x00, 0x00, 0x1F], [0xFF, 0xFF, 0xFF]])
def test_the_lowest_four_bits_are_void_and_the_highest_is_the_sign(raw: list[int]) -> None:
    class Set(SimBus):
        def read_i2c_block_data(self, address: int, register: int, length: int, force: bool | None = None) -> list[int]:
            assert length == 3
            return raw if register == VSHUNT else super().read_i2c_block_data(address, register, length)

    async def main() -> None:
        world = world_with(PART)
        wires = Wires(world)
        wires.i2c_bus = lambda number: Set(world, number)  # type: ignore[method-assign]
        meter = await opened(PART, world, wires)
        await anyio.sleep(0.1)
        sample = meter.poll()
        assert sample is not None
        found = {0x7F: 0x7FFFE, 0x80: -0x7FFFF, 0x00: 1, 0xFF: -1}[raw[0]]
        assert sample.current == found

    play(main)


def test_it_is_told_to_convert_both_for_ever_and_to_keep_its_flag() -> None:
    async def main() -> None:
        world = world_with(PART)
        await opened(PART, world, conversion_s=280e-6, average=16, adc_range=1)
        assert word(world, CONFIG) == 0x0010
        assert word(world, ADC_CONFIG) == 0xB << 12 | 3 << 9 | 3 << 6 | 2
        assert word(world, DIAG_ALRT) & 0x8001 == 0x8001

    play(main)


@pytest.mark.parametrize(
    ("keys", "calibration"),
    [
        ({}, 4096),
        ({"adc_range": 1}, 4096),
        ({"shunt_ohm": 0.0162, "max_current_a": 10.0}, 4050),  # the datasheet's example
        ({"shunt_ohm": 0.01, "max_current_a": 1.0, "adc_range": 1}, 1000),
    ],
)
def test_the_calibration_is_the_datasheets(keys: dict[str, Any], calibration: int) -> None:
    async def main() -> None:
        world = world_with(PART)
        await opened(PART, world, **keys)
        assert word(world, SHUNT_CAL) == calibration

    play(main)


def test_more_than_the_greatest_current_is_an_overflow() -> None:
    async def main() -> None:
        for amps, flag in ((0.99, Flag.OK), (1.01, Flag.OVERFLOW)):
            meter = await opened(PART, world_with(PART, Scribe(amps)), max_current_a=1.0)
            assert (await meter.read()).flag is flag

    play(main)


@pytest.mark.parametrize("config", [{}, {"max_current_a": 1.0}])
def test_a_reading_after_a_peak_is_good_though_the_chips_own_flag_stays_up(config: dict[str, Any]) -> None:
    async def main() -> None:
        scribe = Scribe(0.5)
        world = world_with(PART, scribe)
        meter = await opened(PART, world, **config)
        scribe.amps = 50.0
        await anyio.sleep(0.1)
        assert (await meter.read()).flag is Flag.OVERFLOW
        scribe.amps = 0.5
        await anyio.sleep(0.1)
        await meter.read()
        assert (await meter.read()).current_a == pytest.approx(0.5, abs=1e-5)
        assert bool(word(world, DIAG_ALRT) & MATHOF) == bool(config)

    play(main)


def test_a_chip_with_a_damaged_memory_is_refused() -> None:
    class Damaged(SimBus):
        def read_word_data(self, address: int, register: int, force: bool | None = None) -> int:
            return super().read_word_data(address, register) & (~0x0100 if register == DIAG_ALRT else 0xFFFF)

    async def main() -> None:
        world = world_with(PART)
        wires = Wires(world)
        wires.i2c_bus = lambda number: Damaged(world, number)  # type: ignore[method-assign]
        with pytest.raises(DeviceError, match="trim memory is damaged"):
            await opened(PART, world, wires)

    play(main)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"address": 0x20}, "0x20 is none"),
        ({"adc_range": 2}, "0 .±163.84 mV. or 1"),
        ({"average": 2}, "1, 4, 16"),
        ({"adc_range": 1, "max_current_a": 1.0}, r"at most 0.4096 A \(±40.96 mV"),
    ],
)
def test_an_impossible_meter_is_refused(values: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        INA228.Config(**values)
