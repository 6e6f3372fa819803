"""
Cutting a supply to see what comes of it: under the guard, its undo on disk first, restored whatever happens.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress

import anyio

from .. import clock
from ..engine.bench import Bench
from ..engine.guard import Guard
from ..engine.restore import see_fed
from ..engine.undo import UndoJournal
from ..errors import BenchError
from ..insist import answered, insist
from ..model.instant import Instant
from ..model.reading import Flag, Reading
from ..model.undo import Undo
from ..protocols import PowerMeter, PowerSwitch, PulseSwitch
from .cut import Cut
from .watching import Watch, watching

# Readings before a cut: for what the rail is at rest. And after it: for a contact that has come to rest.
_BEFORE, _AFTER = 5, 5

# Between two cuts a DUT gets at least this long.
_PAUSE_S = 0.25

# A contact has moved, whatever it is, within this time.
_MOVED_S = 0.1

Hold = Callable[[Watch, Instant], Awaitable[None]]


class Striker:
    """
    Makes the strokes of an audit. `fed` are the DUTs whose rails have power at rest, and have it again after each.
    """

    def __init__(
        self, bench: Bench, guard: Guard, journal: UndoJournal, meters: Mapping[str, PowerMeter], fed: frozenset[str]
    ) -> None:
        self._bench, self._guard, self._journal = bench, guard, journal
        self._meters, self._fed = meters, fed
        self._rested_ns: dict[str, int] = {}

    async def cut(self, switch: PowerSwitch, hold: Hold) -> Cut:
        """
        Cuts the supply for as long as `hold` takes, and the switch's least off-time.
        """

        async def held(watch: Watch) -> tuple[Instant, Instant]:
            off = await answered(switch.name, switch.off)
            await hold(watch, off)
            await clock.sleep_until(off.latest_ns + round(switch.min_off_s * clock.NS_PER_S))
            return off, await insist(switch.name, switch.on)

        return await self._stroke(switch, held)

    async def pulse(self, switch: PowerSwitch, off_s: float) -> Cut:
        """
        Interrupts the supply for `off_s` (seconds), timed by the switch itself where it can.
        """

        async def timed(watch: Watch) -> tuple[Instant, Instant]:
            if isinstance(switch, PulseSwitch) and not getattr(switch, "stays_off", False):
                return await switch.interrupt(off_s)
            off = await answered(switch.name, switch.off)
            await clock.sleep_until(off.latest_ns + round(off_s * clock.NS_PER_S))
            return off, await insist(switch.name, switch.on)

        return await self._stroke(switch, timed)

    async def _stroke(self, switch: PowerSwitch, stroke: Callable[[Watch], Awaitable[tuple[Instant, Instant]]]) -> Cut:
        await self._rest(switch)
        async with watching(self._meters) as watch:
            await watch.more(_BEFORE)
            self._guard.stroke(switch)
            promises = self._journal.promise([Undo(device=switch.name, action="on")], "audit")
            try:
                off, on = await stroke(watch)
            except BaseException:
                await insist(switch.name, switch.on)
                raise
            await anyio.sleep(_MOVED_S)
            await watch.more(_AFTER)
            readings = {dut: tuple(seen) for dut, seen in watch.readings.items()}
        await self._wake(readings, on)
        for dut in self._fed:
            await see_fed(self._bench, dut)
        self._journal.keep(promises)
        self._guard.rested(switch)
        self._rested_ns[switch.name] = clock.now_ns()
        return Cut(off=off, on=on, readings=readings)

    async def _wake(self, readings: Mapping[str, Sequence[Reading]], on: Instant) -> None:
        """
        Sets up again what was reset by the cut, so that the rails can be seen; that it was is in the readings.
        """
        for dut, meter in self._meters.items():
            set_up = getattr(meter, "reinitialise", None)
            late = [reading for reading in readings[dut] if reading.at.latest_ns > on.latest_ns]
            if set_up is not None and any(reading.flag is Flag.RESET for reading in late):
                with suppress(BenchError):  # then it stays blind, and is told of as such
                    await answered(meter.name, set_up)

    async def _rest(self, switch: PowerSwitch) -> None:
        if switch.name in self._rested_ns:
            pause_s = max(_PAUSE_S, switch.min_on_s)
            await clock.sleep_until(self._rested_ns[switch.name] + round(pause_s * clock.NS_PER_S))
