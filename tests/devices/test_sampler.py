"""
Sampling: what a meter says becomes rows, readings and alarms, in a thread and in virtual time.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import anyio
import pytest

from harness import clock
from harness.devices import _sampler
from harness.devices._sampler import Sampler, SamplerThread
from harness.devices._tap import Polled, Tap
from harness.devices.ina226 import INA226
from harness.errors import DeviceError
from harness.model.trace import Code, Sample, Scale
from harness.sim.world import World
from tests.devices.meters import ScriptedMeter
from tests.sim.played import ADDRESS, BUS, MS, PIN, S, Scribe, Wires, play, world_of

NOT_THERE = OSError(errno.EREMOTEIO, "Remote I/O error")


class Heard:
    """
    What a sampler handed on and told.
    """

    def __init__(self) -> None:
        self.rows: list[Sample] = []
        self.batches: list[tuple[str, int]] = []
        self.alarms: list[str] = []
        self.notes: list[str] = []

    def take(self, meter: str, scale: Scale, samples: Any) -> None:
        self.rows += samples
        self.batches.append((meter, clock.now_ns()))

    def tap(self, meter: Any, trip_a: float | None = None) -> Tap:
        tap = Tap(meter, lambda call, *arguments: call(*arguments), self.alarms.append, self.notes.append, trip_a)
        meter.feed = tap.feed
        return tap

    def sampler(self, *taps: Tap) -> Sampler:
        return Sampler(taps, self.take, self.notes.append)

    @property
    def codes(self) -> list[Code]:
        return [Code(row.code) for row in self.rows]


def sample(meter: Any, for_s: float, *, trip_a: float | None = None) -> Heard:
    """
    What was heard of a meter in virtual time.
    """
    heard = Heard()

    async def main() -> None:
        tap = heard.tap(meter, trip_a)
        sampler = heard.sampler(tap)
        with anyio.move_on_after(for_s):
            await sampler.keep_turning()
        sampler.close()

    play(main)
    return heard


# --- a chip, in virtual time ------------------------------------------------------------------------------------------


async def opened(world: World, **config: Any) -> INA226:
    meter = INA226("meter", INA226.Config(**config), Wires(world))
    await meter.open()
    return meter


def on_a_chip(
    body: Callable[[World, INA226, Tap, Heard], Awaitable[None]], seed: int = 1, unit: Any = None, **world: Any
) -> Heard:
    """
    Runs `body` beside the sampling of a played INA226.
    """
    heard = Heard()

    async def main() -> None:
        played = world_of(unit or Scribe(), seed, **world)
        meter = await opened(played)
        tap = heard.tap(meter)
        sampler = heard.sampler(tap)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(sampler.keep_turning)
            await body(played, meter, tap, heard)
            tasks.cancel_scope.cancel()
        sampler.close()

    play(main)
    return heard


@pytest.mark.parametrize("seed", range(5))
def test_each_conversion_of_a_chip_is_a_row_whatever_its_clock(seed: int) -> None:
    async def second(world: World, meter: INA226, tap: Tap, heard: Heard) -> None:
        assert isinstance(meter, Polled)
        await anyio.sleep(1)
        chip: Any = world.chips[BUS, ADDRESS]
        assert tap.rate().missed == 0
        assert abs(tap.rate().conversions - S / (chip.window[1] - chip.window[0])) <= 2

    heard = on_a_chip(second, seed)
    assert set(heard.codes) == {Code.OK}
    assert [row.seq for row in heard.rows] == list(range(1, len(heard.rows) + 1))
    assert all(10 * MS <= later - sooner <= 110 * MS for (_, sooner), (_, later) in pairwise(heard.batches[:-1]))


def test_a_sample_is_hardly_wider_than_its_conversion() -> None:
    async def second(world: World, meter: INA226, tap: Tap, heard: Heard) -> None:
        await anyio.sleep(1)
        widths = sorted(row.latest_ns - row.earliest_ns for row in heard.rows)
        assert widths[len(widths) * 9 // 10] <= 1.1 * meter.period_s * S

    on_a_chip(second)


def test_readings_come_from_the_sampler_one_after_the_other_and_none_twice() -> None:
    async def read(world: World, meter: INA226, tap: Tap, heard: Heard) -> None:
        readings = [await meter.read() for _ in range(50)]
        assert all(reading.is_ok and reading.bus_v == pytest.approx(5.0) for reading in readings)
        assert all(first.at.latest_ns < second.at.latest_ns for first, second in pairwise(readings))
        # One poll finds it, and the one before it did not: nothing waits longer than that.
        pauses = [second.at.latest_ns - first.at.latest_ns for first, second in pairwise(readings)]
        assert max(pauses) <= 1.2 * meter.period_s * S

    on_a_chip(read)


def test_a_chip_that_is_reset_is_noted_once_and_stays_so_until_it_is_set_up() -> None:
    async def reset(world: World, meter: INA226, tap: Tap, heard: Heard) -> None:
        await anyio.sleep(0.2)
        world.chips[BUS, ADDRESS].reset()
        await anyio.sleep(0.5)
        assert tap.trouble == "reset"
        assert clock.now_ns() - tap.ok_ns > 0.49 * S
        assert not (await meter.read()).is_ok
        await meter.reinitialise()
        await anyio.sleep(0.2)
        assert (tap.trouble, (await meter.read()).is_ok) == ("", True)

    heard = on_a_chip(reset)
    assert heard.notes == ["meter: was reset: nothing it says is believed until it is set up anew"]
    assert Code.RESET in heard.codes
    lost = sum(row.latest_ns - row.earliest_ns for row in heard.rows if row.code == Code.RESET)
    assert 0.49 * S <= lost <= 0.52 * S
    assert len([row for row in heard.rows if row.code == Code.RESET]) <= 6


def test_a_chip_on_the_rail_it_measures_is_silent_and_then_reset() -> None:
    async def cut(world: World, meter: INA226, tap: Tap, heard: Heard) -> None:
        await anyio.sleep(0.1)
        world.drive(PIN, 0)
        await anyio.sleep(0.5)
        assert tap.trouble == "nack"
        world.drive(PIN, 1)
        await anyio.sleep(0.5)
        assert tap.trouble == "reset"

    heard = on_a_chip(cut, chip={"defect": "resets"})
    order = [code for code, before in zip(heard.codes, [None, *heard.codes], strict=False) if code is not before]
    assert order == [Code.OK, Code.NACK, Code.RESET]


def test_a_sleeping_chip_is_stale_for_rows_and_readers_alike() -> None:
    async def wait(world: World, meter: INA226, tap: Tap, heard: Heard) -> None:
        called_ns = clock.now_ns()
        assert (await meter.read()).flag == "stale"
        assert clock.now_ns() - called_ns <= 4 * meter.period_s * S
        await anyio.sleep(1)
        assert tap.trouble == "stale"

    heard = on_a_chip(wait, chip={"defect": "sleeping"})
    assert set(heard.codes) == {Code.STALE}
    assert 9 <= len(heard.rows) <= 11


# --- a script, in virtual time ----------------------------------------------------------------------------------------


def test_what_is_not_acknowledged_is_a_failure_and_the_next_reading_is_good() -> None:
    meter = ScriptedMeter([100, NOT_THERE, DeviceError("lab", "is gone"), 100])
    heard = Heard()

    async def main() -> None:
        tap = heard.tap(meter)
        sampler = heard.sampler(tap)
        seen = []
        with anyio.move_on_after(0.05):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(sampler.keep_turning)
                while True:
                    seen.append((await tap.feed.next_after(clock.now_ns())).code)
        # The first was there before anybody asked. What comes after the last is silence.
        assert seen[:3] == [Code.NACK, Code.NACK, Code.OK]
        assert set(seen[3:]) == {Code.STALE}
        assert tap.rate().failures == 2 + len(seen[3:])

    play(main)


def test_after_a_gap_the_meter_itself_numbers_as_the_trace_does() -> None:
    async def late() -> None:
        meter = ScriptedMeter([100] * 5)
        tap = heard.tap(meter)
        sampler = heard.sampler(tap)
        sampler.begin()
        for pause_s in (0.001, 0.05, 0.001, 0.001):
            await anyio.sleep(pause_s)
            tap.look()
        sampler.close()
        told = [row for row in heard.rows if row.code == Code.OK]
        assert told[1].seq > 30
        assert [row.seq for row in told[2:]] == [told[1].seq + 1, told[1].seq + 2]
        assert meter.seq == told[3].seq

    heard = Heard()
    play(late)


def test_a_chip_that_keeps_being_reset_is_noted_once_until_it_is_well() -> None:
    flapping = [100, Code.RESET, NOT_THERE, Code.RESET, NOT_THERE, Code.RESET, 100, Code.RESET]
    heard = sample(ScriptedMeter(flapping), 0.2)
    assert len(heard.notes) == 2


def test_the_longest_silence_is_remembered_with_what_came_instead() -> None:
    async def main() -> None:
        tap = heard.tap(ScriptedMeter([100, *[NOT_THERE] * 30, 100, 100]))
        sampler = heard.sampler(tap)
        with anyio.move_on_after(1):
            await sampler.keep_turning()
        silence_ns, instead = tap.silence
        assert 0.1 * S < silence_ns < 0.5 * S
        assert instead == "nack"

    heard = Heard()
    play(main)


def test_a_current_above_the_trip_is_told_at_once_and_once() -> None:
    heard = sample(ScriptedMeter([9_999, -9_999, 10_001, 20_000]), 0.01, trip_a=1.0)
    assert heard.alarms == ["monitor: tripped: 1.0001 A, and 1 A are allowed"]


@pytest.mark.parametrize("current", [20_000, -20_000])
def test_the_trips_reason_has_the_value(current: int) -> None:
    heard = sample(ScriptedMeter([current]), 0.01, trip_a=1.0)
    assert heard.alarms == [f"monitor: tripped: {current / 10_000:g} A, and 1 A are allowed"]


def test_more_than_a_meter_can_measure_trips_it_too() -> None:
    heard = sample(ScriptedMeter([Code.OVERFLOW]), 0.01, trip_a=1.0)
    assert heard.alarms == ["monitor: tripped: more than it can measure, and 1 A are allowed"]
    assert sample(ScriptedMeter([Code.OVERFLOW]), 0.01).alarms == []


def test_a_trace_that_cannot_be_kept_is_told_of_once_and_the_sampling_goes_on() -> None:
    meter = ScriptedMeter([100] * 2000)
    heard = Heard()

    def take(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async def main() -> None:
        tap = heard.tap(meter)
        with anyio.move_on_after(1):
            await Sampler([tap], take, heard.notes.append).keep_turning()
        assert tap.rate().conversions > 900

    play(main)
    assert heard.notes == ["the power trace is kept no more: [Errno 28] No space left on device"]


def test_meters_of_one_bus_are_polled_each_at_its_own_pace() -> None:
    slow, quick = (ScriptedMeter([1] * 10**4, name=name, period_s=s) for name, s in (("slow", 0.05), ("quick", 0.002)))
    heard = Heard()

    async def main() -> None:
        sampler = heard.sampler(heard.tap(slow), heard.tap(quick))
        with anyio.move_on_after(1):
            await sampler.keep_turning()
        sampler.close()

    play(main)
    assert 20 <= slow.polls <= 50
    assert 500 <= quick.polls <= 1300
    assert {name for name, _ in heard.batches} == {"slow", "quick"}


# --- threads ----------------------------------------------------------------------------------------------------------


def test_a_thread_samples_and_hands_on_what_is_left_when_it_is_stopped() -> None:
    meter = ScriptedMeter([100] * 20)
    heard = Heard()

    async def main() -> None:
        sampler = heard.sampler(heard.tap(meter))
        thread = SamplerThread(sampler, heard.alarms.append)
        thread.start()
        assert await anyio.to_thread.run_sync(meter.polled.wait, 10)
        assert await thread.stop()
        polls = meter.polls
        sampler.close()
        assert meter.polls == polls
        assert threading.current_thread() is threading.main_thread()

    clock.run(main)
    # A machine that is busy with something else may have made it late, and then says so.
    assert heard.codes[0] is Code.OK
    assert heard.codes.count(Code.OK) == 20
    assert set(heard.codes) <= {Code.OK, Code.GAP, Code.STALE}
    assert heard.alarms == []


def test_what_came_before_a_late_start_is_not_missing() -> None:
    heard = Heard()

    async def main() -> None:
        tap = heard.tap(ScriptedMeter([100]))
        sampler = heard.sampler(tap)
        await anyio.sleep(1)
        sampler.begin()
        sampler.turn()
        sampler.close()
        assert tap.rate().missed == 0

    play(main)
    assert heard.codes == [Code.OK]


def test_a_thread_that_hangs_in_its_bus_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_sampler, "_JOIN_S", 0.1)
    hangs, released = threading.Event(), threading.Event()

    def hang() -> int:
        hangs.set()
        released.wait(30)
        return 100

    heard = Heard()

    async def main() -> None:
        sampler = heard.sampler(heard.tap(ScriptedMeter([100, hang])))
        thread = SamplerThread(sampler, heard.alarms.append)
        thread.start()
        assert await anyio.to_thread.run_sync(hangs.wait, 10)
        assert not await thread.stop()
        sampler.close()
        released.set()

    clock.run(main)
    assert heard.codes[0] is Code.OK


def test_a_thread_that_ends_by_itself_says_so() -> None:
    told = threading.Event()
    heard = Heard()

    def lost(why: str) -> None:
        heard.alarms.append(why)
        told.set()

    async def main() -> None:
        thread = SamplerThread(heard.sampler(heard.tap(ScriptedMeter([KeyError("a bug")]))), lost)
        thread.start()
        assert await anyio.to_thread.run_sync(told.wait, 10)
        assert await thread.stop()

    clock.run(main)
    assert heard.alarms == ["KeyError: 'a bug'"]
