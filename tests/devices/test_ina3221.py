"""
What only the INA3221's driver does: several devices that are one chip, with one flag and one configuration for all.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import clock
from harness.devices.ina3221 import INA3221
from harness.errors import DeviceError, UsageError
from harness.model.reading import Flag
from harness.model.trace import Code
from harness.model.world import ChipSpec, ContactSpec, RailSpec, UnitSpec, WorldSpec
from harness.sim.sim_bus import SimBus
from harness.sim.world import World
from tests.devices.monitors import Waving, truth
from tests.sim.played import ADDRESS, BUS, Scribe, Wires, play

RAILS = ("main", "aux", "third")
PINS = (17, 18, 19)
VOLTS = (5.0, 12.0, 24.0)


def three_rails(units: Any = None, seed: int = 1, **chip: Any) -> World:
    """
    A world with three rails, of which one INA3221 watches `rail` and `more_rails`.
    """
    units = units or (Scribe(0.1), Scribe(0.2), Scribe(-0.3))
    rails = {
        name: RailSpec(dut=name, supply_v=volts, contact=ContactSpec(pin=pin))
        for name, volts, pin in zip(RAILS, VOLTS, PINS, strict=True)
    }
    soldered: dict[str, Any] = {"rail": "main", "more_rails": RAILS[1:], **chip}
    chips = {"meter": ChipSpec(kind="ina3221", bus=BUS, address=ADDRESS, **soldered)}
    spec = WorldSpec(rails=rails, chips=chips, units=dict.fromkeys(RAILS, UnitSpec()))
    return World(spec, seed, dict(zip(RAILS, units, strict=True)))


async def channels_of(world: World, *channels: int, wires: Any = None, **config: Any) -> list[INA3221]:
    """
    A device for each of these channels, open, on one rig.
    """
    wires = wires or Wires(world)
    meters = [INA3221(f"rail{c}", INA3221.Config(channel=c, **config), wires) for c in channels]
    for meter in meters:
        await meter.open()
    return meters


@pytest.mark.parametrize("channels", [(1,), (2,), (3,), (1, 2), (3, 1), (1, 2, 3)])
def test_each_channel_reads_its_own_rail(channels: tuple[int, ...]) -> None:
    async def main() -> None:
        for meter in await channels_of(three_rails(), *channels):
            place = meter.config.channel - 1
            reading = await meter.read()
            assert reading.bus_v == pytest.approx(VOLTS[place])
            assert reading.current_a == pytest.approx((0.1, 0.2, -0.3)[place])

    play(main)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 999),
    average=st.sampled_from([1, 4]),
    order=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30_000), st.sampled_from([0, 1, None])), min_size=3),
)
def test_in_whatever_order_they_are_read_no_channel_is_off_by_more_than_one_step(
    seed: int, average: int, order: list[tuple[int, int, int | None]]
) -> None:
    async def main() -> None:
        world = three_rails((Waving(0.9), Waving(0.5), Waving(0.1)), seed)
        meters = await channels_of(world, 1, 2, 3, average=average, conversion_s=588e-6)
        chip: Any = world.chips[BUS, ADDRESS]
        for place, pause_us, level in order:
            await anyio.sleep(pause_us / 1e6)
            if level is not None:
                world.drive(PINS[place], level)
            called_ns = clock.now_ns()
            reading = await meters[place].read()
            assert reading.flag is Flag.OK
            assert reading.bus_v is not None
            assert reading.current_a is not None
            assert reading.at.latest_ns >= called_ns
            assert reading.at.earliest_ns <= chip.window[0] < chip.window[1] <= reading.at.latest_ns
            bus_v, current_a = truth(world, average, place, 3, RAILS[place])
            assert abs(reading.bus_v - bus_v) <= 8e-3
            assert abs(reading.current_a - current_a) <= 40e-6 / 0.1

    play(main)


def test_one_look_serves_every_channel_with_the_same_conversion() -> None:
    async def main() -> None:
        world = three_rails()
        meters = await channels_of(world, 1, 2, 3)
        chip: Any = world.chips[BUS, ADDRESS]
        windows = []
        for _ in range(5):
            await anyio.sleep(meters[0].period_s)
            first = meters[0].poll()
            windows.append(chip.window)
            others = [meter.poll() for meter in meters[1:]]
            for sample in (first, *others):
                assert sample is not None
                assert sample.code == Code.OK
                assert sample.earliest_ns <= chip.window[0] < chip.window[1] <= sample.latest_ns
            assert [meter.poll() for meter in meters] == [None, None, None]
        assert all(before[1] <= after[0] for before, after in pairwise(windows))

    play(main)


def test_readers_of_all_channels_are_all_served() -> None:
    async def main() -> None:
        meters = await channels_of(three_rails(), 1, 2, 3)
        flags: list[Flag] = []

        async def read(meter: INA3221) -> None:
            for _ in range(30):
                flags.append((await meter.read()).flag)

        async with anyio.create_task_group() as tasks:
            for meter in meters:
                tasks.start_soon(read, meter)
        assert set(flags) == {Flag.OK}
        # As fast as one alone: they share conversions, and take none from each other.
        assert clock.now_ns() <= 31 * round(meters[0].period_s * 1e9)

    play(main)


def test_an_old_conversion_that_was_left_is_no_reading_of_now() -> None:
    async def main() -> None:
        world = three_rails()
        first, second = await channels_of(world, 1, 2)
        await first.read()
        world.drive(PINS[1], 0)
        await anyio.sleep(1)
        reading = await second.read()
        assert (reading.bus_v, reading.current_a) == (0, 0)

    play(main)


class Counting(SimBus):
    """
    A bus that remembers what was written to which register, and how often it was read.
    """

    written: list[tuple[int, int]]
    reads = 0

    def read_word_data(self, address: int, register: int, force: bool | None = None) -> int:
        self.reads += 1
        return super().read_word_data(address, register)

    def write_word_data(self, address: int, register: int, value: int, force: bool | None = None) -> None:
        self.written.append((register, value >> 8 | (value & 0xFF) << 8))
        super().write_word_data(address, register, value)


def counted(world: World) -> tuple[Counting, Wires]:
    bus, wires = Counting(world, BUS), Wires(world)
    bus.written = []
    wires.i2c_bus = lambda number: bus  # type: ignore[method-assign]
    return bus, wires


def test_the_chip_is_set_up_once_with_the_channels_of_the_rig() -> None:
    async def main() -> None:
        world = three_rails()
        bus, wires = counted(world)
        await channels_of(world, 1, 3, wires=wires)
        # SCC1 is ours, and TCF is written as it was.
        assert bus.written == [(0x00, 0x5127), (0x0F, 0x4002)]

    play(main)


def test_a_conversion_of_three_rails_costs_seven_reads() -> None:
    async def main() -> None:
        world = three_rails()
        bus, wires = counted(world)
        meters = await channels_of(world, 1, 2, 3, wires=wires)
        assert meters[0].poll() is None
        while not meters[0].poll():
            await anyio.sleep(1e-3)
            bus.reads = 0
        assert all(meter.poll() is not None for meter in meters[1:])
        assert bus.reads == 7

    play(main)


def test_its_period_is_that_of_all_channels_of_the_rig() -> None:
    async def main() -> None:
        world = three_rails(clock_ratio=0.0)
        (alone,) = await channels_of(world, 2)
        assert alone.typical_s == pytest.approx(2.2e-3)
        together = await channels_of(three_rails(clock_ratio=0.0), 1, 2, 3)
        assert [meter.typical_s for meter in together] == [pytest.approx(6.6e-3)] * 3

    play(main)


def test_a_reset_is_flagged_on_every_channel_until_each_is_set_up_again() -> None:
    async def main() -> None:
        world = three_rails()
        bus, wires = counted(world)
        first, second = await channels_of(world, 1, 2, wires=wires)
        world.chips[BUS, ADDRESS].reset()
        assert (await first.read()).flag is Flag.RESET
        assert (await second.read()).flag is Flag.RESET
        bus.written.clear()
        await first.reinitialise()
        assert (await first.read()).is_ok
        assert (await second.read()).flag is Flag.RESET
        await second.reinitialise()
        assert len(bus.written) == 2  # the second had nothing left to repair
        assert (await second.read()).is_ok
        assert (await first.read()).is_ok

    play(main)


def test_two_rigs_do_not_share_a_chip() -> None:
    async def main() -> None:
        one, other = three_rails(), three_rails((Scribe(0.4), Scribe(0.4), Scribe(0.4)))
        (first,) = await channels_of(one, 1)
        (second,) = await channels_of(other, 2)
        assert first.typical_s == second.typical_s
        assert (await first.read()).current_a == pytest.approx(0.1)
        assert (await second.read()).current_a == pytest.approx(0.4)

    play(main)


def test_an_input_without_a_rail_reads_nothing() -> None:
    async def main() -> None:
        meters = await channels_of(three_rails(more_rails=("", "third")), 1, 2, 3)
        assert [(await meter.read()).bus_v for meter in meters] == [pytest.approx(5), 0, pytest.approx(24)]

    play(main)


@pytest.mark.parametrize("other", [{"average": 4}, {"conversion_s": 140e-6}])
def test_two_channels_that_would_convert_in_two_ways_are_refused(other: dict[str, Any]) -> None:
    async def main() -> None:
        wires = Wires(three_rails())
        INA3221("main_meter", INA3221.Config(), wires)
        kept = INA3221("main_meter", INA3221.Config(), wires)
        with pytest.raises(UsageError, match="'main_meter' is a channel of the same chip, and has another conversion"):
            INA3221("aux_meter", INA3221.Config(channel=2, **other), wires)
        assert kept.typical_s == pytest.approx(2.2e-3)

    play(main)


def test_another_part_at_its_address_is_refused() -> None:
    async def main() -> None:
        with pytest.raises(DeviceError, match="is no INA3221: it says maker 0x5449, die 0x0"):
            await channels_of(three_rails(), 1, wires=Odd(three_rails()))

    play(main)


class Odd(Wires):
    """
    Wires to a chip that has no die number.
    """

    def i2c_bus(self, number: int) -> Any:
        return _NoDie(self._world, number)


class _NoDie(SimBus):
    def read_word_data(self, address: int, register: int, force: bool | None = None) -> int:
        return 0 if register == 0xFF else super().read_word_data(address, register)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"address": 0x44}, "0x44 is none of the INA3221's; it has 0x40 to 0x43"),
        ({"channel": 0}, "1, 2 or 3"),
        ({"channel": 4}, "1, 2 or 3"),
        ({"shunt_ohm": 0.0}, "shunt"),
        ({"average": 2}, "1, 4, 16"),
    ],
)
def test_an_impossible_meter_is_refused(values: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        INA3221.Config(**values)
