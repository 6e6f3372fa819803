"""
What only the INA219's driver does: gains, averages of twelve bits, and a reset that shows in a power of 0.
"""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from harness.devices.ina219 import INA219
from harness.errors import DeviceError
from harness.model.reading import Flag
from harness.sim.sim_bus import SimBus
from harness.sim.world import World
from tests.devices.monitors import PARTS, opened, world_with
from tests.sim.played import ADDRESS, BUS, PIN, Scribe, Wires, play

(PART,) = (part for part in PARTS if part.cls is INA219)
CONFIGURATION, CALIBRATION = 0x00, 0x05


def word(world: World, register: int) -> int:
    return int.from_bytes(world.chips[BUS, ADDRESS].read(register, 2), "big")


@pytest.mark.parametrize(("pga", "full_a"), [(1, 0.4), (2, 0.8), (4, 1.6), (8, 3.2)])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_gain_is_a_range_and_leaves_the_step_alone(pga: int, full_a: float, sign: int) -> None:
    async def main() -> None:
        near = sign * full_a * 0.99
        meter = await opened(PART, world_with(PART, Scribe(near)), pga=pga)
        assert (await meter.read()).current_a == pytest.approx(near, abs=1e-4)
        assert meter.scale.current_lsb_a == pytest.approx(1e-4)
        beyond = await opened(PART, world_with(PART, Scribe(sign * full_a * 1.01)), pga=pga)
        assert (await beyond.read()).flag is Flag.OVERFLOW

    play(main)


@pytest.mark.parametrize(
    ("keys", "adc", "pair_s"),
    [
        ({"conversion_s": 0.0}, 0b0000, 168e-6),
        ({"conversion_s": 150e-6}, 0b0001, 296e-6),
        ({"conversion_s": 276e-6}, 0b0010, 552e-6),
        ({}, 0b0011, 1.064e-3),
        ({"average": 2}, 0b1001, 2.12e-3),
        ({"average": 128}, 0b1111, 136.2e-3),
    ],
)
def test_bits_and_averages_are_one_code_for_both_inputs(keys: dict[str, Any], adc: int, pair_s: float) -> None:
    async def main() -> None:
        world = world_with(PART, clock_ratio=0.0)
        meter = await opened(PART, world, **keys)
        assert word(world, CONFIGURATION) == 0b0011_1000_0000_0111 | adc << 7 | adc << 3
        assert meter.typical_s == pytest.approx(pair_s)
        await meter.read()
        chip: Any = world.chips[BUS, ADDRESS]
        assert chip.window[1] - chip.window[0] == pytest.approx(pair_s * 1e9)

    play(main)


@pytest.mark.parametrize(
    ("keys", "calibration"),
    [
        ({"shunt_ohm": 0.002, "max_current_a": 32.768}, 0x5000),  # the datasheet's example, LSB 1 mA
        ({}, 0x1062),  # 3.2 A over 0.1 ohm: 4194.3, and bit 0 is void
        ({"pga": 1}, 0x8312),
        ({"pga": 1, "max_current_a": 0.2049}, 0xFFE0),
    ],
)
def test_the_calibration_is_the_datasheets(keys: dict[str, Any], calibration: int) -> None:
    async def main() -> None:
        world = world_with(PART)
        await opened(PART, world, **keys)
        assert word(world, CALIBRATION) == calibration

    play(main)


def test_more_than_the_greatest_current_is_an_overflow() -> None:
    async def main() -> None:
        for amps, flag in ((0.99, Flag.OK), (1.01, Flag.OVERFLOW)):
            meter = await opened(PART, world_with(PART, Scribe(amps)), max_current_a=1.0)
            assert (await meter.read()).flag is flag

    play(main)


def test_the_calibration_is_asked_for_only_when_the_power_is_nothing() -> None:
    class Listening(SimBus):
        asked: list[int]

        def read_word_data(self, address: int, register: int, force: bool | None = None) -> int:
            self.asked.append(register)
            return super().read_word_data(address, register)

    async def main() -> None:
        world = world_with(PART)
        bus, wires = Listening(world, BUS), Wires(world)
        bus.asked = []
        wires.i2c_bus = lambda number: bus  # type: ignore[method-assign]
        meter = await opened(PART, world, wires)
        await anyio.sleep(0.1)
        bus.asked.clear()
        meter.poll()
        assert bus.asked == [2, 1, 3]
        world.drive(PIN, 0)
        await anyio.sleep(1)
        bus.asked.clear()
        sample = meter.poll()
        assert bus.asked == [2, 1, 3, 5]
        assert sample is not None
        assert (sample.code, sample.current) == (0, 0)

    play(main)


def test_what_was_ready_before_it_was_set_up_is_not_taken_for_the_first_conversion() -> None:
    async def main() -> None:
        world = world_with(PART)
        await anyio.sleep(1)
        meter = await opened(PART, world)
        assert meter.poll() is None
        await anyio.sleep(1)
        await meter.reinitialise()
        assert meter.poll() is None

    play(main)


def test_a_part_that_a_reset_does_not_make_an_ina219_is_refused() -> None:
    async def main() -> None:
        other = next(part for part in PARTS if part.kind == "ina226")
        with pytest.raises(DeviceError, match="is no INA219: after a reset its configuration is 0x4127, not 0x399f"):
            await opened(PART, world_with(other))

    play(main)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"address": 0x50}, "0x50 is none of the INA219's; it has 0x40 to 0x4f"),
        ({"bus": -1}, "/dev/i2c-1"),
        ({"shunt_ohm": -1.0}, "shunt"),
        ({"pga": 3}, "1, 2, 4, 8"),
        ({"average": 256}, "2, 4, 8"),
        ({"average": 4, "conversion_s": 84e-6}, "only 12-bit conversions are averaged"),
        ({"pga": 1, "max_current_a": 0.5}, r"at most 0.4 A \(±40 mV over the shunt\)"),
    ],
)
def test_an_impossible_meter_is_refused(values: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        INA219.Config(**values)
