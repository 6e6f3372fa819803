"""
Meters on a bus that cannot keep up with them: what is missed is told, and each interval holds what was measured.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import anyio
import pytest

from harness.devices._sampler import Sampler
from harness.devices._tap import Tap
from harness.model.trace import Sample
from harness.sim.sim_bus import SimBus
from harness.sim.world import World
from tests.devices.monitors import PARTS, Part, Waving, opened, world_with
from tests.sim.played import ADDRESS, BUS, Wires, play

# Of bus and current, where they are not 2 and 1.
REGISTERS = {"ina228": (5, 4), "ina237": (5, 4)}

Window = tuple[int, int]


class Noting(SimBus):
    """
    A bus that notes from which conversion each register was read last.
    """

    def __init__(self, world: World, clock_hz: float) -> None:
        super().__init__(world, BUS, clock_hz)
        self.chip: Any = world.chips[BUS, ADDRESS]
        self.read_of: dict[int, Window] = {}

    def _read(self, address: int, register: int, length: int) -> bytes:
        data = super()._read(address, register, length)
        if self.chip.window is not None:
            self.read_of[register] = self.chip.window
        return data


class Heard:
    """
    Every conversion that was read in a while, with the ones that bus and current were of, and what was missed.
    """

    def __init__(self, part: Part, conversion_s: float, clock_hz: float) -> None:
        self.read: list[tuple[Sample, Window, Window]] = []
        self.told = 0
        play(partial(self._listen, part, conversion_s, clock_hz))
        _, (first_ns, end_ns), _ = self.read[0]
        _, (_, last_ns), _ = self.read[-1]
        self.made = round((last_ns - first_ns) / (end_ns - first_ns))
        self.missed = self.made - len(self.read)

    def intervals_hold(self) -> bool:
        return all(
            sample.earliest_ns <= start < end <= sample.latest_ns
            for sample, *windows in self.read
            for start, end in windows
        )

    async def _listen(self, part: Part, conversion_s: float, clock_hz: float) -> None:
        world = world_with(part, Waving(0.1))
        bus, wires = Noting(world, clock_hz), Wires(world)
        wires.i2c_bus = lambda number: bus  # type: ignore[method-assign]
        meter = await opened(part, world, wires, conversion_s=conversion_s)
        poll = meter.poll

        def noted() -> Sample | None:
            sample = poll()
            if sample is not None:
                self.read.append((sample, *(bus.read_of[register] for register in REGISTERS.get(part.kind, (2, 1)))))
            return sample

        meter.poll = noted  # type: ignore[method-assign]
        tap = Tap(meter, lambda call, *arguments: None, pytest.fail, pytest.fail)
        with anyio.move_on_after(0.2):
            await Sampler([tap], lambda *_: None, pytest.fail).keep_turning()
        self.told = tap.rate().missed


every_part = pytest.mark.parametrize("part", PARTS, ids=repr)


@every_part
@pytest.mark.parametrize(("conversion_s", "clock_hz"), [(0.0, 400e3), (532e-6, 100e3)])
def test_nothing_is_read_twice_and_what_is_missed_is_told(part: Part, conversion_s: float, clock_hz: float) -> None:
    heard = Heard(part, conversion_s, clock_hz)
    assert heard.missed > 0.4 * len(heard.read)
    _, buses, currents = zip(*heard.read, strict=True)
    assert len(set(buses)) == len(set(currents)) == len(heard.read)
    assert heard.intervals_hold()
    # It may be told of one more, that came after the last that was read. Nobody knows by how much the chip's clock is
    # faster than the slowest.
    assert heard.missed - (1 - 0.9 / part.slowest) * heard.made <= heard.told <= heard.missed + 1


@every_part
def test_on_a_bus_that_is_fast_enough_nothing_is_missed_nor_mixed(part: Part) -> None:
    heard = Heard(part, 532e-6, 400e3)
    assert (heard.missed, heard.told) == (0, 0)
    assert heard.intervals_hold()
    assert all(bus == current for _, bus, current in heard.read)
