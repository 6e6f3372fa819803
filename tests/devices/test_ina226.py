"""
The INA226's driver against its twin: what it says, when it says it was, and what it refuses to say.
"""

from __future__ import annotations

import errno
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import clock
from harness.devices._kernel_driver import claimed
from harness.devices._words import swapped
from harness.devices.ina226 import INA226
from harness.errors import DeviceError
from harness.model.reading import Flag, Reading
from harness.protocols import PowerMeter
from harness.sim.sim_bus import SimBus
from harness.sim.world import World
from tests.sim.played import ADDRESS, BUS, MS, PIN, Scribe, Wires, play, world_of

BUS_LSB_V = 1.25e-3
SHUNT_LSB_V = 2.5e-6


async def opened(world: World, **config: Any) -> INA226:
    meter = INA226("meter", INA226.Config(**config), Wires(world))
    await meter.open()
    return meter


class Waving(Scribe):
    """
    A unit whose current, and its sign, keep changing.
    """

    def current_a(self, at_ns: int) -> float:
        return ((at_ns // (7 * MS)) % 5 - 2) * 0.15


def truth(world: World, conversion_ns: int, average: int) -> tuple[float, float]:
    """
    The voltage and current that the conversion in the chip's registers is the average of.
    """
    chip: Any = world.chips[BUS, ADDRESS]
    start_ns, end_ns = chip.window
    turn_ns = (end_ns - start_ns) // average
    part_ns = turn_ns // 2
    rail = world.rails["main"]
    starts = range(start_ns, end_ns, turn_ns)
    bus_v = sum(rail.mean_v(at_ns + part_ns, at_ns + turn_ns) for at_ns in starts) / average
    current_a = sum(rail.mean_a(at_ns, at_ns + part_ns) for at_ns in starts) / average
    return bus_v, current_a


@settings(max_examples=80)
@given(
    seed=st.integers(0, 10**6),
    conversion_us=st.sampled_from([140, 332, 1100, 2116]),
    average=st.sampled_from([1, 4, 16]),
    shunt_ohm=st.sampled_from([0.01, 0.1]),
    steps=st.lists(st.tuples(st.integers(0, 30_000), st.sampled_from([0, 1, None, None])), min_size=3, max_size=12),
)
def test_a_reading_is_the_average_over_a_window_inside_its_instant(
    seed: int, conversion_us: int, average: int, shunt_ohm: float, steps: list[tuple[int, int | None]]
) -> None:
    async def main() -> None:
        world = world_of(Waving(), seed, chip={"shunt_ohm": shunt_ohm})
        meter = await opened(world, shunt_ohm=shunt_ohm, conversion_s=conversion_us / 1e6, average=average)
        chip: Any = world.chips[BUS, ADDRESS]
        for pause_us, level in steps:
            await anyio.sleep(pause_us / 1e6)
            if level is not None:
                world.drive(PIN, level)
            called_ns = clock.now_ns()
            reading = await meter.read()
            assert reading.flag is Flag.OK
            assert reading.bus_v is not None
            assert reading.current_a is not None
            assert reading.at.earliest_ns <= chip.window[0] < chip.window[1] <= reading.at.latest_ns
            assert reading.at.earliest_ns >= called_ns - 2 * round(meter.period_s * 1e9)
            assert reading.at.latest_ns >= called_ns
            bus_v, current_a = truth(world, conversion_us * 1000, average)
            assert abs(reading.bus_v - bus_v) <= BUS_LSB_V
            assert abs(reading.current_a - current_a) <= SHUNT_LSB_V / shunt_ohm

    play(main)


def test_each_conversion_is_read_once_and_none_is_left_out() -> None:
    async def main() -> None:
        world = world_of(Scribe())
        meter = await opened(world)
        chip: Any = world.chips[BUS, ADDRESS]
        windows = []
        for _ in range(20):
            await meter.read()
            windows.append(chip.window)
        assert all(first[1] == second[0] for first, second in pairwise(windows))

    play(main)


def test_two_readers_are_both_served() -> None:
    async def main() -> None:
        meter = await opened(world_of(Scribe()))
        flags: list[Flag] = []

        async def read() -> None:
            for _ in range(50):
                flags.append((await meter.read()).flag)

        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(read)
        assert set(flags) == {Flag.OK}

    play(main)


@pytest.mark.parametrize("amps", [0.25, -0.25, 0.0])
def test_current_has_its_sign(amps: float) -> None:
    async def main() -> None:
        reading = await (await opened(world_of(Scribe(amps)))).read()
        assert reading.current_a == pytest.approx(amps)
        assert reading.bus_v == pytest.approx(5.0)

    play(main)


@pytest.mark.parametrize("amps", [1.0, -1.0])
def test_a_saturated_shunt_is_an_overflow_and_no_number(amps: float) -> None:
    async def main() -> None:
        reading = await (await opened(world_of(Scribe(amps)))).read()
        assert (reading.flag, reading.bus_v, reading.current_a) == (Flag.OVERFLOW, None, None)

    play(main)


def test_more_than_the_greatest_current_is_an_overflow() -> None:
    async def main() -> None:
        scribe = Scribe(0.19)
        meter = await opened(world_of(scribe), max_current_a=0.2)
        assert (await meter.read()).flag is Flag.OK
        scribe.amps = 0.21
        await anyio.sleep(0.01)
        await meter.read()
        assert (await meter.read()).flag is Flag.OVERFLOW

    play(main)


def test_a_bus_beyond_the_registers_end_is_an_overflow() -> None:
    async def main() -> None:
        world = world_of(Scribe(), rail={"supply_v": 48.0})
        assert (await (await opened(world)).read()).flag is Flag.OVERFLOW

    play(main)


def test_a_chip_that_was_reset_is_flagged_until_it_is_set_up_again() -> None:
    async def main() -> None:
        world = world_of(Scribe())
        meter = await opened(world)
        await meter.read()
        world.chips[BUS, ADDRESS].reset()
        for _ in range(3):
            await anyio.sleep(0.1)
            reading = await meter.read()
            assert (reading.flag, reading.current_a) == (Flag.RESET, None)
        await meter.reinitialise()
        assert (await meter.read()).current_a == pytest.approx(0.25)

    play(main)


def test_a_chip_that_hangs_on_the_rail_it_measures_is_silent_then_reset() -> None:
    async def main() -> None:
        world = world_of(Scribe(), chip={"defect": "resets"})
        meter = await opened(world)
        world.drive(PIN, 0)
        await anyio.sleep(1)
        assert (await meter.read()).flag is Flag.NACK
        with pytest.raises(DeviceError, match="stopped answering"):
            await meter.reinitialise()
        world.drive(PIN, 1)
        await anyio.sleep(1)
        assert (await meter.read()).flag is Flag.RESET

    play(main)


def test_a_chip_that_never_converts_is_stale_after_three_periods() -> None:
    async def main() -> None:
        meter = await opened(world_of(Scribe(), chip={"defect": "sleeping"}))
        called_ns = clock.now_ns()
        assert (await meter.read()).flag is Flag.STALE
        assert 3 * meter.period_s <= (clock.now_ns() - called_ns) / 1e9 <= 4 * meter.period_s

    play(main)


class Flaky(SimBus):
    """
    A bus that fails at its next transactions, with one number after another.
    """

    errors: list[int]

    def read_word_data(self, address: int, register: int, force: bool | None = None) -> int:
        if self.errors:
            raise OSError(self.errors.pop(0), "trouble")
        return super().read_word_data(address, register)


def test_any_bus_error_is_a_nack_and_the_next_reading_is_good() -> None:
    async def main() -> None:
        world = world_of(Scribe())
        bus = Flaky(world, BUS)
        bus.errors = []
        wires = Wires(world)
        wires.i2c_bus = lambda number: bus  # type: ignore[method-assign]
        meter = INA226("meter", INA226.Config(), wires)
        await meter.open()
        for number in (5, 6, 19, 110, 121):
            bus.errors = [number]
            assert (await meter.read()).flag is Flag.NACK
            assert (await meter.read()).flag is Flag.OK

    play(main)


class Stub:
    """
    A file of registers that keeps what is written and clears nothing by itself, as the kernel's i2c-stub is.
    """

    def __init__(self, mask_enable: int) -> None:
        self.words = {0x00: 0x4127, 0x01: 10_000, 0x02: 4000, 0x06: mask_enable, 0xFE: 0x5449, 0xFF: 0x2260}

    def read_word_data(self, address: int, register: int) -> int:
        return swapped(self.words.get(register, 0))

    def write_word_data(self, address: int, register: int, value: int) -> None:
        self.words[register] = swapped(value)


async def on(bus: Any) -> INA226:
    meter = INA226("meter", INA226.Config(), SimpleNamespace(i2c_bus=lambda number: bus))  # type: ignore[arg-type]
    await meter.open()
    return meter


@pytest.mark.parametrize("mask_enable", [0x0008, 0x0408])
def test_a_register_file_whose_conversion_is_ready_is_read_however_often(mask_enable: int) -> None:
    async def main() -> None:
        bus = Stub(mask_enable)
        for _ in range(2):
            meter = await on(bus)
            for _ in range(3):
                reading = await meter.read()
                assert (reading.bus_v, reading.current_a) == (pytest.approx(5.0), pytest.approx(0.25))
        bus.words[0x06] = 0x0008
        assert (await meter.read()).flag is Flag.RESET

    play(main)


def test_a_register_file_without_a_conversion_is_stale_and_never_0_a() -> None:
    async def main() -> None:
        assert (await (await on(Stub(0))).read()).flag is Flag.STALE

    play(main)


def test_a_chip_that_the_kernel_drives_itself_is_told_with_how_to_unbind_it() -> None:
    class Held(Stub):
        def read_word_data(self, address: int, register: int) -> int:
            raise OSError(errno.EBUSY, "Device or resource busy")

    async def main() -> None:
        with pytest.raises(
            DeviceError, match=r"claimed by a kernel driver \(.*\); unbind it: `echo 1-0040 \| sudo tee"
        ):
            await on(Held(0))

    play(main)


def test_the_kernels_driver_is_named_where_it_is_known(tmp_path: Path) -> None:
    (tmp_path / "drivers" / "ina2xx").mkdir(parents=True)
    (tmp_path / "1-0040").mkdir()
    (tmp_path / "1-0040" / "driver").symlink_to(tmp_path / "drivers" / "ina2xx")
    told = claimed(1, 0x40, tmp_path)
    assert told.startswith("address 0x40 of I2C bus 1 is claimed by a kernel driver (ina2xx); unbind it: `echo 1-0040 ")
    assert told.endswith("/1-0040/driver/unbind`")


def test_an_absent_chip_is_named_with_the_cures() -> None:
    async def main() -> None:
        with pytest.raises(DeviceError, match=r"meter: no chip answers at address 0x41 of I2C bus 1 .*i2cdetect -y 1"):
            await opened(world_of(Scribe()), address=0x41)
        with pytest.raises(DeviceError, match="wiring"):
            await opened(world_of(Scribe(), chip={"defect": "dead"}))

    play(main)


def test_another_part_at_its_address_is_refused() -> None:
    class Other(SimBus):
        def read_word_data(self, address: int, register: int, force: bool | None = None) -> int:
            return 0x3922 if register == 0xFF else super().read_word_data(address, register)

    async def main() -> None:
        world = world_of(Scribe())
        wires = Wires(world)
        wires.i2c_bus = lambda number: Other(world, number)  # type: ignore[method-assign]
        with pytest.raises(DeviceError, match="is no INA226: it says maker 0x5449, die 0x2239"):
            await INA226("meter", INA226.Config(), wires).open()

    play(main)


def test_a_chip_that_does_not_keep_its_settings_is_refused() -> None:
    class Deaf(SimBus):
        def write_word_data(self, address: int, register: int, value: int, force: bool | None = None) -> None:
            pass

    async def main() -> None:
        world = world_of(Scribe())
        wires = Wires(world)
        wires.i2c_bus = lambda number: Deaf(world, number)  # type: ignore[method-assign]
        with pytest.raises(DeviceError, match="did not keep its settings"):
            await INA226("meter", INA226.Config(), wires).open()

    play(main)


def test_it_is_a_power_meter_that_must_be_open() -> None:
    async def main() -> None:
        meter = await opened(world_of(Scribe()))
        assert isinstance(meter, PowerMeter)
        await meter.aclose()
        with pytest.raises(DeviceError, match="is not open"):
            await meter.read()

    play(main)


@pytest.mark.parametrize(("asked_s", "period_s"), [(0.0, 280e-6), (250e-6, 408e-6), (0.001, 2.2e-3), (1.0, 16.488e-3)])
def test_a_conversion_time_is_rounded_to_one_the_chip_knows(asked_s: float, period_s: float) -> None:
    async def main() -> None:
        meter = await opened(world_of(Scribe(), chip={"clock_ratio": 0.0}), conversion_s=asked_s)
        assert meter.period_s == pytest.approx(period_s * 1.1)
        reading: Reading = await meter.read()
        assert reading.is_ok

    play(main)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"address": 0x20}, "0x20 is none of the INA226's"),
        ({"bus": -1}, "/dev/i2c-1"),
        ({"shunt_ohm": 0.0}, "shunt"),
        ({"average": 3}, "1, 4, 16"),
        ({"max_current_a": 2.0}, "at most 0.8192 A"),
    ],
)
def test_an_impossible_meter_is_refused(values: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        INA226.Config(**values)


def test_two_meters_clash_by_bus_and_address() -> None:
    assert INA226.Config().resources() == INA226.Config(shunt_ohm=0.01).resources()
    assert INA226.Config().resources() != INA226.Config(address=0x41).resources()
