"""
Before a game day: what its drills watch, looked at without any fault. What is found is told to the supervisor.
"""

from __future__ import annotations

import anyio

from .. import clock
from ..assemble import Assembly, Opening
from ..config.drill import load_drill
from ..config.gameday import load_gameday
from ..engine.alert_sources import alert_sources
from ..engine.baseline import baseline
from ..engine.leaves import ungrouped
from ..engine.undo import Pending, UndoJournal
from ..errors import Exit
from ..model.event import Event, Kind
from ..model.finding import Finding, Grade
from ..model.gameday import Item
from ..model.instant import Instant
from ..model.rig import RigSpec
from .job import End
from .places import count_opening, odometer
from .request import LookRequest
from .wire import Done, Sender


class LookJob:
    """
    One look at a rig. Raises UsageError for what the game day's file gets wrong.
    """

    opening = Opening.RUN
    drill = None

    def __init__(self, request: LookRequest, rig: RigSpec, sender: Sender, end: End) -> None:
        day = load_gameday(request.gameday)
        self._check = day.check(Item(request.item))
        chosen = [one for one in day.scenarios if one.name in request.scenarios]
        self._drills = [load_drill(one.drill, one.overrides) for one in chosen]
        self.purpose = f"crashbench gameday run {day.name}"
        self._rig, self._sender, self._end = rig, sender, end
        self._scope: anyio.CancelScope | None = None
        self._aborted = ""

    def check(self, bench: Assembly) -> None:
        """
        Fills every role of the drills.
        """
        for drill in self._drills:
            bench.check(drill)

    async def carry_out(self, bench: Assembly, journal: UndoJournal, left: Pending) -> Done:
        """
        Looks; whatever could not be shown becomes the exit code.
        """
        count_opening(bench, odometer(self._rig))
        bench.on_trouble(self.abort)
        found: list[Finding] = []
        with anyio.CancelScope() as self._scope, ungrouped():
            if not self._aborted:
                found = await self._found(bench)
        for finding in found:
            self._tell(finding)
        if self._aborted:
            return Done(exit_code=Exit.BENCH, problem=self._aborted)
        is_shown = bool(found) and all(finding.grade in (Grade.OK, Grade.WARN) for finding in found)
        return Done(exit_code=Exit.HELD if is_shown else Exit.BENCH)

    def abort(self, reason: str) -> None:
        """
        Ends the look; nothing was done that would have to be undone.
        """
        self._aborted = self._aborted or reason
        if self._scope is not None:
            self._scope.cancel()

    async def _found(self, bench: Assembly) -> list[Finding]:
        if self._check.item is Item.MONITORING:
            return await alert_sources(bench, self._drills, self._check.within_s, self._check.probe)
        return await baseline(bench, self._drills, self._check.for_s)

    def _tell(self, finding: Finding) -> None:
        at = Instant.exactly(clock.now_ns())
        self._sender.event(Event(kind=Kind.FINDING, at=at, subject=finding.subject, data=finding.to_json()))
        if not self._sender.is_heard:
            self._end("the supervisor is gone")
