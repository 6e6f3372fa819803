"""
What the battery faults share: a battery to command, and proof by what the DUT itself reports.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

import anyio

from .. import clock
from ..errors import NotProven
from ..insist import answered, insist
from ..model.instant import Instant, Span
from ..model.undo import Undo
from ..protocols import Battery, Roles
from ._report import Report, Said, Watching

FULL_PERCENT = 100.0

# A gauge's percent is rounded by its chip, its driver and whoever shows it.
NEAR_PERCENT = 1.0

# So many questions in a row without an answer, from a DUT that had answered before, are no lost packet.
_SILENT = 3


@dataclass(frozen=True, slots=True)
class Pack:
    """
    A DUT's battery as a fault sees it.
    """

    battery: Battery
    report: Report
    prove_s: float

    @classmethod
    def of(cls, role: str, watching: Watching, roles: Roles) -> Self:
        """
        The battery in a role, and the DUT's own word on it. Raises UsageError.
        """
        return cls(roles.get(role, Battery), Report(role, watching, roles), watching.prove_s)

    @property
    def undo(self) -> tuple[Undo, ...]:
        """
        What undoes any battery fault.
        """
        return (Undo(device=self.battery.name, action="full"),)

    async def tell(self, command: Callable[[], Awaitable[Instant]]) -> Instant:
        """
        Carries out a command to the battery. Raises DeviceError, also when it does not answer in time.
        """
        return await answered(self.battery.name, command)

    @asynccontextmanager
    async def commanded(self, strike: BatteryStrike) -> AsyncIterator[BatteryStrike]:
        """
        Commands the battery, and on leaving makes it full and honest, insisting, whatever happened in between.
        """
        await strike.look_before()
        try:
            strike.commanded = await self.tell(strike.command)
            yield strike
        finally:
            asked_ns = clock.now_ns()
            await insist(self.battery.name, lambda: self.battery.undo("full"))
            strike.removal_commanded = Instant(asked_ns, clock.now_ns())


class BatteryStrike:
    """
    A battery fault under way: effective with the first answer of the DUT that `shows` it, removed with the first that
    shows a full battery.

    A DUT that answered before and falls silent was affected, whatever it would have shown.
    """

    commanded: Instant
    removal_commanded: Instant | None = None
    hold_up: Span | None = None

    def __init__(
        self,
        pack: Pack,
        command: Callable[[], Awaitable[Instant]],
        shows: Callable[[Said], bool],
        pattern: Callable[[BatteryStrike], Awaitable[None]],
    ) -> None:
        self._pack, self._report = pack, pack.report
        self.command, self._shows, self._pattern = command, shows, pattern
        self.before_percent = FULL_PERCENT

    async def look_before(self) -> None:
        """
        Asks the DUT before anything is done. Raises NotProven when it says no level, or shows the effect already.
        """
        said = await self._report.ask()
        if said.number is None:
            raise NotProven(f"{self._report.told()} before anything was done: an effect could not be proven")
        self.before_percent = said.number
        if self._shows(said):
            raise NotProven(f"{self._report.told()} before anything was done: that is what the fault would show")

    async def effective(self) -> Instant:
        """
        Waits until the DUT shows it, or falls silent. Ends only by that, or by being cancelled.
        """
        since_ns, silent = self.commanded.earliest_ns, list[Said]()
        while True:
            said = await self._report.ask()
            if self._shows(said):
                return Instant(since_ns, said.answered_ns)
            if said.silence:
                silent.append(said)
            else:
                since_ns = said.asked_ns
                silent.clear()
            if len(silent) == _SILENT:
                return Instant(since_ns, silent[0].answered_ns)
            await self._report.pause()

    def why_not(self) -> str:
        """
        What the DUT said instead.
        """
        return f"the battery was commanded, but {self._report.told()}: is the gauge on the DUT's bus?"

    async def last(self) -> None:
        """
        Lets the fault run its course.
        """
        await self._pattern(self)

    async def removed(self) -> Instant:
        """
        Waits until the DUT shows a full battery. Of one that is silent nothing can be asked: then it is the battery's
        own read-back that stands. Raises NotProven when the DUT goes on showing something else.
        """
        assert self.removal_commanded is not None
        since_ns = self.removal_commanded.earliest_ns
        with anyio.move_on_after(self._pack.prove_s):
            while True:
                said = await self._report.ask()
                if said.number is not None and abs(said.number - FULL_PERCENT) <= NEAR_PERCENT:
                    return Instant(since_ns, said.answered_ns)
                if not said.silence:
                    since_ns = said.asked_ns
                await self._report.pause()
        if self._report.last is not None and self._report.last.silence:
            return self.removal_commanded
        raise NotProven(f"{self._pack.battery.name}: the battery was commanded full, but {self._report.told()}")


async def stay(strike: BatteryStrike, for_s: float) -> None:
    """
    Lets what was commanded stand for `for_s` seconds.
    """
    await clock.sleep_until(strike.commanded.latest_ns + round(for_s * clock.NS_PER_S))


def percent(ratio: float) -> float:
    """
    A fraction of one in percent, as it was written: 7 %, and not a bit more.
    """
    return round(100 * ratio, 6)
