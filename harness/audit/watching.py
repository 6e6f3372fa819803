"""
Reading every rail's meter while something is done to the bench.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import anyio

from .. import clock
from ..engine.leaves import ungrouped
from ..errors import BenchError
from ..insist import answered, reading_s
from ..model.instant import Instant
from ..model.reading import Flag, Reading
from ..protocols import PowerMeter

# How often it is looked whether what is waited for has come, in periods of the slowest meter.
_LOOK_PERIODS = 1.0


class Watch:
    """
    What the meters have read so far, by DUT.
    """

    def __init__(self, meters: Mapping[str, PowerMeter]) -> None:
        self._meters = meters
        self.readings: dict[str, list[Reading]] = {dut: [] for dut in meters}
        self._look_s = _LOOK_PERIODS * max((meter.period_s for meter in meters.values()), default=0.1)

    async def until(self, condition: Callable[[], bool], within_s: float) -> bool:
        """
        Waits until a condition on the readings holds; returns whether it did in time.
        """
        until_ns = clock.now_ns() + round(within_s * clock.NS_PER_S)
        while not condition():
            if clock.now_ns() >= until_ns:
                return False
            await anyio.sleep(self._look_s)
        return True

    async def more(self, count: int) -> None:
        """
        Waits until every meter has made some more readings; one that makes none is not waited for long.
        """
        goal = {dut: len(readings) + count for dut, readings in self.readings.items()}
        await self.until(
            lambda: all(len(self.readings[dut]) >= wanted for dut, wanted in goal.items()),
            sum(reading_s(meter.period_s) for meter in self._meters.values()),
        )

    async def read(self, dut: str) -> None:
        """
        Reads one meter until it is cancelled.
        """
        meter = self._meters[dut]
        while True:
            called_ns = clock.now_ns()
            try:
                reading = await answered(meter.name, meter.read, reading_s(meter.period_s))
            except BenchError:
                reading = Reading(Instant(called_ns, clock.now_ns()), Flag.NACK)
            self.readings[dut].append(reading)
            if not reading.is_ok:
                await anyio.sleep(meter.period_s)  # it answered at once, and would again


@asynccontextmanager
async def watching(meters: Mapping[str, PowerMeter]) -> AsyncIterator[Watch]:
    """
    Reads every meter as fast as it converts, inside.
    """
    watch = Watch(meters)
    with ungrouped():
        async with anyio.create_task_group() as tasks:
            for dut in meters:
                tasks.start_soon(watch.read, dut)
            yield watch
            tasks.cancel_scope.cancel()
