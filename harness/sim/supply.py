"""
A rail with the contact that feeds it, and the unit that is told how it fares.
"""

from __future__ import annotations

import asyncio
from random import Random

from ..clock import alarm, now_ns
from ..model.world import RailSpec
from .contact import Contact
from .rail import Rail, Unit


class Supply:
    """
    Moves the contact when its line moves, and tells the unit of each crossing when it comes.
    """

    def __init__(self, spec: RailSpec, unit: Unit, rng: Random) -> None:
        self.contact = Contact(spec.contact, rng)
        self._unit = unit
        self._energised = False
        closed = self.contact.rests_closed(self._energised)
        start_ns = now_ns()
        self.rail = Rail(spec, unit, closed, start_ns)
        # Whether the rail feeds the unit, whether its reset input holds it, and what will become of the rail: the
        # moment, whether it feeds then, the timer.
        self._is_fed = False
        self._is_held = False
        self._ahead: list[tuple[int, bool, asyncio.TimerHandle]] = []
        if self.rail.voltage_v(start_ns) >= spec.boot_v:
            self._schedule(start_ns, True)

    def drive(self, level: int, at_ns: int) -> None:
        """
        The line has the electrical `level` from a moment on: now, or a moment ago.
        """
        energised = self.contact.energised_by(level)
        if energised == self._energised:
            return
        self._energised = energised
        # What was decided for later has not happened: the coil was switched again before.
        self.rail.move(at_ns, [])
        self.rail.move(at_ns, self.contact.stroke(energised, at_ns, self.rail.is_closed(at_ns)))
        self._plan(at_ns)

    def hold_reset(self, held: bool, at_ns: int) -> None:
        """
        The unit's reset input holds it, or lets it start, from a moment on.
        """
        if held != self._is_held:
            self._is_held = held
            if self._is_fed:
                self._tell_unit(at_ns, not held)

    def close(self) -> None:
        """
        Stops every timer: the unit will be told nothing more.
        """
        for *_, timer in self._ahead:
            timer.cancel()
        self._ahead.clear()

    def _plan(self, at_ns: int) -> None:
        is_fed = self._is_fed
        due = []
        for step in self._ahead:
            # In real time a timer may be late: what was due before now has happened, and is still told.
            if step[0] <= at_ns:
                due.append(step)
                is_fed = step[1]
            else:
                step[2].cancel()
        self._ahead = due
        for moment_ns, feeds in self.rail.feedings(at_ns, is_fed):
            self._schedule(moment_ns, feeds)

    def _schedule(self, at_ns: int, feeds: bool) -> None:
        timer = alarm(at_ns, self._tell, at_ns, feeds)
        self._ahead.append((at_ns, feeds, timer))

    def _tell(self, at_ns: int, feeds: bool) -> None:
        self._ahead = [step for step in self._ahead if step[0] != at_ns]
        self._is_fed = feeds
        if not (feeds and self._is_held):
            self._tell_unit(at_ns, feeds)

    def _tell_unit(self, at_ns: int, runs: bool) -> None:
        if runs:
            self._unit.powered(at_ns)
        else:
            self._unit.power_lost(at_ns)
