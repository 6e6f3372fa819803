"""
What every power monitor's driver must hold against its twin, whatever is wrong with the chip or its bus.
"""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import anyio
import anyio.to_thread
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from smbus2 import i2c_msg

from harness import clock
from harness.devices._feed import Feed
from harness.devices._monitor import Monitor
from harness.devices.ina219 import INA219
from harness.devices.ina226 import INA226
from harness.devices.ina260 import INA260
from harness.devices.ina3221 import INA3221
from harness.errors import DeviceError, UsageError
from harness.model.reading import Flag
from harness.model.trace import Code, Sample
from harness.protocols import PowerMeter
from harness.sim.sim_bus import SimBus
from tests.devices.monitors import PARTS, Part, Waving, opened, shunt_of, truth, world_with
from tests.sim.played import ADDRESS, BUS, PIN, Scribe, Wires, play, world_of

every_part = pytest.mark.parametrize("part", PARTS, ids=repr)


@every_part
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_no_reading_is_off_by_more_than_one_step(part: Part, data: st.DataObject) -> None:
    config = {key: data.draw(values, key) for key, values in part.keys.items()}
    full_a = part.shunt_end_v / shunt_of(part)
    unit = Waving(full_a * data.draw(st.sampled_from([0.001, 0.1, 0.9]), "share"))
    supply_v = data.draw(st.sampled_from([5.0, 12.0, 24.0]), "supply")
    steps = data.draw(st.lists(st.tuples(st.integers(0, 30_000), st.sampled_from([0, 1, None])), min_size=2), "steps")

    async def main() -> None:
        world = world_with(part, unit, data.draw(st.integers(0, 999)), rail_keys={"supply_v": supply_v})
        meter = await opened(part, world, **config)
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
            assert reading.at.latest_ns >= called_ns >= reading.at.earliest_ns
            assert reading.at.earliest_ns >= called_ns - 2 * round(meter.period_s * 1e9)
            bus_v, current_a = truth(world, config.get("average", 1))
            assert abs(reading.bus_v - bus_v) <= part.bus_lsb_v
            assert abs(reading.current_a - current_a) <= part.shunt_lsb_v / shunt_of(part)

    play(main)


@every_part
@pytest.mark.parametrize("share", [0.999, -0.999, 0.5, -0.5, 0.0])
def test_current_has_its_sign_up_to_full_scale(part: Part, share: float) -> None:
    async def main() -> None:
        amps = share * part.shunt_end_v / shunt_of(part)
        reading = await (await opened(part, world_with(part, Scribe(amps)))).read()
        assert reading.current_a == pytest.approx(amps, abs=part.shunt_lsb_v / shunt_of(part))

    play(main)


@every_part
@pytest.mark.parametrize("share", [1.01, -1.01, 50.0, -50.0])
def test_more_than_full_scale_is_an_overflow_and_no_number(part: Part, share: float) -> None:
    async def main() -> None:
        meter = await opened(part, world_with(part, Scribe(share * part.shunt_end_v / shunt_of(part))))
        reading = await meter.read()
        assert (reading.flag, reading.bus_v, reading.current_a) == (Flag.OVERFLOW, None, None)

    play(main)


@every_part
def test_a_bus_is_read_up_to_its_registers_end_and_not_beyond(part: Part) -> None:
    async def at(supply_v: float) -> Any:
        world = world_with(part, Scribe(0.001), rail_keys={"supply_v": supply_v})
        return await (await opened(part, world)).read()

    async def main() -> None:
        below_v = part.bus_end_v * 0.999
        assert (await at(below_v)).bus_v == pytest.approx(below_v, abs=part.bus_lsb_v)
        assert (await at(part.bus_end_v * 1.001)).flag is Flag.OVERFLOW

    play(main)


@every_part
def test_a_chip_that_was_reset_is_flagged_until_it_is_set_up_again(part: Part) -> None:
    async def main() -> None:
        world = world_with(part)
        meter = await opened(part, world)
        assert (await meter.read()).is_ok
        world.chips[BUS, ADDRESS].reset()
        for _ in range(3):
            await anyio.sleep(0.1)
            reading = await meter.read()
            assert (reading.flag, reading.bus_v, reading.current_a) == (Flag.RESET, None, None)
        await meter.reinitialise()
        assert (await meter.read()).current_a == pytest.approx(0.25, abs=part.shunt_lsb_v / shunt_of(part))

    play(main)


@every_part
def test_a_chip_that_was_reset_while_its_rail_is_off_is_no_honest_zero(part: Part) -> None:
    async def main() -> None:
        world = world_with(part)
        meter = await opened(part, world)
        world.drive(PIN, 0)
        await anyio.sleep(1)
        reading = await meter.read()
        assert reading.is_ok
        assert reading.current_a == 0
        world.chips[BUS, ADDRESS].reset()
        await anyio.sleep(0.1)
        assert (await meter.read()).flag is Flag.RESET

    play(main)


@every_part
def test_a_chip_on_its_own_rail_is_silent_with_it_and_comes_back_reset(part: Part) -> None:
    async def main() -> None:
        world = world_with(part, defect="resets")
        meter = await opened(part, world)
        world.drive(PIN, 0)
        await anyio.sleep(1)
        assert (await meter.read()).flag is Flag.NACK
        with pytest.raises(DeviceError, match="stopped answering"):
            await meter.reinitialise()
        world.drive(PIN, 1)
        await anyio.sleep(1)
        assert (await meter.read()).flag is Flag.RESET

    play(main)


@every_part
def test_a_chip_that_never_converts_is_stale_after_three_periods(part: Part) -> None:
    async def main() -> None:
        meter = await opened(part, world_with(part, defect="sleeping"))
        called_ns = clock.now_ns()
        assert (await meter.read()).flag is Flag.STALE
        assert 3 * meter.period_s <= (clock.now_ns() - called_ns) / 1e9 <= 4 * meter.period_s

    play(main)


@every_part
def test_a_chip_that_stops_converting_keeps_its_last_value_and_is_not_believed(part: Part) -> None:
    async def main() -> None:
        scribe = Scribe(0.25)
        meter = await opened(part, world_with(part, scribe, defect="stale"))
        assert (await meter.read()).is_ok
        await anyio.sleep(2)
        scribe.amps = 0.1
        await meter.read()  # the last one that it made, which nobody read
        for _ in range(3):
            assert (await meter.read()).flag is Flag.STALE

    play(main)


@every_part
def test_a_saturated_shunt_is_an_overflow(part: Part) -> None:
    async def main() -> None:
        world = world_with(part, Scribe(0.25), defect="overflow")
        assert (await (await opened(part, world)).read()).flag is Flag.OVERFLOW

    play(main)


@every_part
def test_a_shunt_wired_backwards_shows_as_a_negative_current(part: Part) -> None:
    async def main() -> None:
        reading = await (await opened(part, world_with(part, defect="reversed"))).read()
        assert reading.current_a == pytest.approx(-0.25, abs=part.shunt_lsb_v / shunt_of(part))

    play(main)


@every_part
def test_one_before_the_contact_sees_the_supply_whatever_the_contact_does(part: Part) -> None:
    async def main() -> None:
        world = world_with(part, defect="upstream")
        meter = await opened(part, world)
        world.drive(PIN, 0)
        await anyio.sleep(1)
        assert (await meter.read()).bus_v == pytest.approx(5.0, abs=part.bus_lsb_v)

    play(main)


@every_part
def test_a_chip_that_sometimes_does_not_acknowledge_is_flagged_then_and_only_then(part: Part) -> None:
    async def main() -> None:
        meter = await opened(part, world_with(part, defect="nack"))
        readings = [await meter.read() for _ in range(200)]
        flags = {reading.flag for reading in readings}
        assert flags == {Flag.OK, Flag.NACK}
        assert sum(reading.flag is Flag.NACK for reading in readings) < 60

    play(main)


@every_part
def test_bytes_in_the_wrong_order_are_refused(part: Part) -> None:
    async def main() -> None:
        with pytest.raises(DeviceError, match=f"is no {part.cls.__name__}: "):
            await opened(part, world_with(part, defect="little_endian"))

    play(main)


@every_part
def test_a_calibration_that_is_not_kept_is_refused(part: Part) -> None:
    async def main() -> None:
        if part.cls in (INA260, INA3221):
            with pytest.raises(UsageError, match="has no calibration"):
                world_with(part, defect="saturated")
            return
        with pytest.raises(DeviceError, match=r"did not keep its settings: register 0x0|whose highest bit is void"):
            await opened(part, world_with(part, defect="saturated"))

    play(main)


@every_part
def test_an_absent_chip_is_named_with_the_cures(part: Part) -> None:
    async def main() -> None:
        for world, keys in ((world_with(part), {"address": 0x41}), (world_with(part, defect="dead"), {})):
            with pytest.raises(DeviceError, match=r"meter: no chip answers at address 0x4. of I2C bus 1 .*i2cdetect"):
                await opened(part, world, **keys)

    play(main)


@every_part
@pytest.mark.parametrize("other", PARTS, ids=repr)
def test_another_part_is_refused(part: Part, other: Part) -> None:
    async def main() -> None:
        world = world_with(other)
        if other is part:
            assert isinstance(await opened(part, world), PowerMeter)
            return
        with pytest.raises(DeviceError, match=f"is no {part.cls.__name__}"):
            await opened(part, world)

    play(main)


@every_part
def test_words_are_the_chips_bytes_swapped_and_messages_are_not(part: Part) -> None:
    async def main() -> None:
        world = world_with(part)
        await opened(part, world)
        await anyio.sleep(0.1)
        bus = SimBus(world, BUS)
        for register in (0x00, 0x01, 0x02, 0x05):
            word = bus.read_word_data(ADDRESS, register)
            block = bus.read_i2c_block_data(ADDRESS, register, 2)
            read = i2c_msg.read(ADDRESS, 2)
            bus.i2c_rdwr(i2c_msg.write(ADDRESS, [register]), read)
            assert list(read) == block == [word & 0xFF, word >> 8]

    play(main)


@every_part
def test_a_conversion_is_polled_once_and_numbered(part: Part) -> None:
    async def main() -> None:
        meter = await opened(part, world_with(part, clock_ratio=0.0))
        assert meter.poll() is None
        await anyio.sleep(meter.period_s)
        first = meter.poll()
        assert first is not None
        assert (first.seq, first.code) == (1, Code.OK)
        assert first.bus * meter.scale.bus_lsb_v == pytest.approx(5.0, abs=part.bus_lsb_v)
        assert meter.poll() is None
        await anyio.sleep(10 * meter.period_s)
        second = meter.poll()
        assert second is not None
        assert second.seq == 2
        assert second.earliest_ns >= clock.now_ns() - 2 * round(meter.period_s * 1e9)
        assert meter.typical_s * part.slowest == pytest.approx(meter.period_s)

    play(main)


class Counting(SimBus):
    """
    A bus that counts what goes over it.
    """

    transactions = 0

    def _read(self, address: int, register: int, length: int) -> bytes:
        type(self).transactions += 1
        return super()._read(address, register, length)


@every_part
def test_a_conversion_costs_three_transactions_and_a_look_in_vain_one(part: Part) -> None:
    async def main() -> None:
        world = world_with(part, clock_ratio=0.0)
        wires = Wires(world)
        wires.i2c_bus = lambda number: Counting(world, number)  # type: ignore[method-assign]
        meter = await opened(part, world, wires)
        await anyio.sleep(0.5 * meter.typical_s)
        Counting.transactions = 0
        assert meter.poll() is None
        assert Counting.transactions == 1
        await anyio.sleep(0.6 * meter.typical_s)
        assert meter.poll() is not None
        assert Counting.transactions == 1 + 3

    play(main)


@every_part
def test_a_late_look_costs_one_more_to_know_whether_another_conversion_came_in_between(part: Part) -> None:
    async def main() -> None:
        world = world_with(part)
        wires = Wires(world)
        wires.i2c_bus = lambda number: Counting(world, number)  # type: ignore[method-assign]
        meter = await opened(part, world, wires)
        await anyio.sleep(0.1)
        Counting.transactions = 0
        sample = meter.poll()
        assert sample is not None
        assert sample.missed == 0
        assert Counting.transactions == (3 if part.cls is INA219 else 4)

    play(main)


@every_part
def test_a_meter_whose_bus_fails_in_the_middle_loses_one_conversion(part: Part) -> None:
    async def main() -> None:
        world = world_with(part)
        wires = Wires(world)
        bus = Failing(world, BUS)
        wires.i2c_bus = lambda number: bus  # type: ignore[method-assign]
        meter = await opened(part, world, wires)
        chip: Any = world.chips[BUS, ADDRESS]
        for succeed in (0, 1, 2):
            await anyio.sleep(0.1)
            bus.succeed = succeed
            with pytest.raises(OSError, match="trouble"):
                meter.poll()
            bus.succeed = None
            reading = await meter.read()
            assert reading.is_ok
            assert reading.at.earliest_ns <= chip.window[0] < chip.window[1] <= reading.at.latest_ns

    play(main)


class Failing(SimBus):
    """
    A bus on which so many transactions still succeed.
    """

    succeed: int | None = None

    def _read(self, address: int, register: int, length: int) -> bytes:
        if self.succeed is not None:
            self.succeed -= 1
            if self.succeed < 0:
                raise OSError(5, "trouble")
        return super()._read(address, register, length)


@every_part
def test_a_closed_meter_is_not_read(part: Part) -> None:
    async def main() -> None:
        meter = await opened(part, world_with(part))
        await meter.aclose()
        with pytest.raises(DeviceError, match="is not open"):
            await meter.read()
        with pytest.raises(DeviceError, match="is not open"):
            meter.poll()
        with pytest.raises(DeviceError, match="is not open"):
            await meter.reinitialise()

    play(main)


class TwoStep:
    """
    A bus that chooses the chip in one step and talks to it in the next, as smbus2 does.
    """

    def __init__(self) -> None:
        self.chosen = 0
        self.mixed_up = 0
        self.words = {0xFE: 0x4954, 0xFF: 0x6022, 0x06: 0x0804}

    def read_word_data(self, address: int, register: int) -> int:
        self._choose(address)
        return self.words.get(register, 0)

    def write_word_data(self, address: int, register: int, value: int) -> None:
        self._choose(address)
        self.words[register] = value

    def _choose(self, address: int) -> None:
        self.chosen = address
        os.sched_yield()
        self.mixed_up += self.chosen != address


def test_two_meters_on_one_bus_take_turns_in_whatever_threads() -> None:
    bus = TwoStep()
    wires: Any = SimpleNamespace(i2c_bus=lambda number: bus)
    meters = [INA226(f"at {address:#x}", INA226.Config(address=address), wires) for address in (0x40, 0x41)]

    def poll(meter: INA226) -> None:
        for _ in range(500):
            meter.poll()

    async def main() -> None:
        for meter in meters:
            await meter.open()
        async with anyio.create_task_group() as tasks:
            for meter in meters:
                tasks.start_soon(anyio.to_thread.run_sync, poll, meter)

    clock.run(main)
    assert bus.mixed_up == 0


def fed(meter: Monitor) -> Feed:
    meter.feed = Feed(lambda call, *arguments: call(*arguments))
    return meter.feed


def test_a_meter_that_is_sampled_reads_what_the_sampler_takes() -> None:
    async def main() -> None:
        meter = await opened(PARTS[1], world_with(PARTS[1]))
        feed = fed(meter)
        await anyio.sleep(1)
        async with anyio.create_task_group() as tasks:

            async def sample() -> None:
                for code in (Code.OK, Code.GAP, Code.NACK, Code.OVERFLOW):
                    await anyio.sleep(0.01)
                    now_ns = clock.now_ns()
                    feed.put(Sample(1, now_ns - 5, now_ns, 4000, -100, code))

            tasks.start_soon(sample)
            reading = await meter.read()
            assert (reading.flag, reading.bus_v, reading.at.latest_ns) == (Flag.OK, 5.0, clock.now_ns())
            assert reading.current_a == pytest.approx(-100 * 2.5e-6 / 0.1)
            assert [(await meter.read()).flag for _ in range(3)] == [Flag.STALE, Flag.NACK, Flag.OVERFLOW]

    play(main)


def test_a_sampler_that_says_nothing_is_stale() -> None:
    async def main() -> None:
        meter = await opened(PARTS[1], world_with(PARTS[1]))
        fed(meter)
        assert (await meter.read()).flag is Flag.STALE
        assert clock.now_ns() < 10**9

    play(main)


@pytest.mark.parametrize("cls", [INA219, INA226])
def test_a_current_that_the_calibration_cannot_hold_is_refused(cls: Any) -> None:
    with pytest.raises(ValueError, match=r"max_current must be at least 0\.\d+ A"):
        cls.Config(max_current_a=0.01)


def test_a_chip_with_one_input_watches_one_rail() -> None:
    async def main() -> None:
        with pytest.raises(UsageError, match="watches 1 rail"):
            world_of(Scribe(), chip={"more_rails": ("main",)})
        with pytest.raises(UsageError, match="watches 3 rail"):
            world_of(Scribe(), chip={"kind": "ina3221", "more_rails": ("main", "main", "main")})

    play(main)


def test_two_channels_are_two_resources() -> None:
    first, second = INA3221.Config(channel=1).resources(), INA3221.Config(channel=2).resources()
    assert not set(first) & set(second)
