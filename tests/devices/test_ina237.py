"""
What only the INA237's driver does: it takes an INA238 as well, and no INA228.
"""

from __future__ import annotations

import pytest

from harness.devices.ina237 import INA237
from harness.errors import DeviceError
from harness.model.reading import Flag
from harness.sim.sim_bus import SimBus
from harness.sim.world import World
from tests.devices.monitors import PARTS, opened, world_with
from tests.sim.played import BUS, Scribe, Wires, play

(PART,) = (part for part in PARTS if part.cls is INA237)
SHUNT_CAL, DEVICE_ID = 0x02, 0x3F


class Saying(SimBus):
    """
    A bus whose chip says another word in some registers, as a bus has it: the least significant byte first.
    """

    words: dict[int, int]

    def read_word_data(self, address: int, register: int, force: bool | None = None) -> int:
        return self.words.get(register, super().read_word_data(address, register))


def wires_saying(world: World, words: dict[int, int]) -> Wires:
    bus, wires = Saying(world, BUS), Wires(world)
    bus.words = words
    wires.i2c_bus = lambda number: bus  # type: ignore[method-assign]
    return wires


@pytest.mark.parametrize(("adc_range", "full_a"), [(0, 1.6384), (1, 0.4096)])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_finer_range_is_a_quarter_with_a_quarter_of_the_step(adc_range: int, full_a: float, sign: int) -> None:
    async def main() -> None:
        step_a = full_a / 2**15
        near = sign * full_a * 0.999
        meter = await opened(PART, world_with(PART, Scribe(near)), adc_range=adc_range)
        assert meter.scale.current_lsb_a == pytest.approx(step_a)
        assert (await meter.read()).current_a == pytest.approx(near, abs=step_a)
        beyond = await opened(PART, world_with(PART, Scribe(sign * full_a * 1.001)), adc_range=adc_range)
        assert (await beyond.read()).flag is Flag.OVERFLOW

    play(main)


def test_an_ina238_is_taken_and_an_ina228_is_not() -> None:
    async def main() -> None:
        world = world_with(PART)
        assert (await (await opened(PART, world, wires_saying(world, {DEVICE_ID: 0x8123}))).read()).is_ok
        with pytest.raises(DeviceError, match='it is an INA228, whose results are wider; write kind = "ina228"'):
            await opened(PART, world, wires_saying(world, {DEVICE_ID: 0x8122}))

    play(main)


def test_a_part_that_keeps_a_void_bit_is_refused() -> None:
    async def main() -> None:
        world = world_with(PART)
        with pytest.raises(DeviceError, match="it keeps 0x8000 in SHUNT_CAL, whose highest bit is void"):
            await opened(PART, world, wires_saying(world, {SHUNT_CAL: 0x0080}))

    play(main)


def test_a_chip_with_a_damaged_memory_is_refused() -> None:
    async def main() -> None:
        world = world_with(PART)
        with pytest.raises(DeviceError, match="trim memory is damaged"):
            await opened(PART, world, wires_saying(world, {0x0B: 0x0000}))

    play(main)


def test_a_part_of_another_maker_is_refused() -> None:
    async def main() -> None:
        world = world_with(PART)
        with pytest.raises(DeviceError, match="it says maker 0x1234"):
            await opened(PART, world, wires_saying(world, {0x3E: 0x3412}))

    play(main)
