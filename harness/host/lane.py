"""
One run per rig at a time, whoever asks.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread

from ..errors import BenchError, CrashbenchError
from ..model.instant import Instant
from ..model.rig import RigSpec
from ..supervise.on_record import put_on_record
from ..supervise.request import RunRequest
from .feed import Feed
from .live_run import LiveRun, MakeSupervisor
from .problems import Busy

_log = logging.getLogger("crashbench")

# A lab comes up within 15 s at most, and an earlier run's leavings are restored first; then the run begins.
_BEGINS_WITHIN_S = 60.0

# A supervisor gives its bench process 30 s to restore before it takes it for dead, and has the rig made safe after.
_ENDS_WITHIN_S = 60.0

# How many runs are remembered with what their records do not say.
_REMEMBERED = 1000


class Lane:
    """
    Starts runs, knows those that are going on, and lets none be left behind when the host ends.
    """

    def __init__(self, feed: Feed, make: MakeSupervisor) -> None:
        self._feed, self._make = feed, make
        self._by_rig: dict[Path, LiveRun] = {}
        self._problems: OrderedDict[str, str] = OrderedDict()
        self._closed_for = ""
        self._tasks: anyio.abc.TaskGroup | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """
        Runs can be started inside; whatever still runs on leaving is aborted, and restored.
        """
        async with anyio.create_task_group() as self._tasks:
            try:
                yield
            finally:
                with anyio.CancelScope(shield=True):
                    await self.close("the host ended")
                # What has not ended by now is past asking: its supervisor ends it the hard way.
                self._tasks.cancel_scope.cancel()

    async def start(self, request: RunRequest, rig: RigSpec) -> str:
        """
        Starts a run; returns its id when it has begun.

        Raises Busy, naming the run that has the rig, and whatever kept it from beginning.
        """
        if self._tasks is None or self._closed_for:
            raise BenchError(f"no run is started any more: {self._closed_for or 'the host is not open'}")
        place = rig.path.resolve()
        if holder := self._by_rig.get(place):
            which = f"run {holder.run_id}" if holder.run_id else "a run that is about to begin"
            raise Busy(f"rig '{rig.name}' has {which}; wait for it, or abort it", run_id=holder.run_id)
        run = self._by_rig[place] = LiveRun(request, rig, self._feed, self._make)
        self._tasks.start_soon(self._carry_out, place, run)
        return await run.begun(_BEGINS_WITHIN_S)

    @property
    def running(self) -> list[LiveRun]:
        """
        The runs that have begun and not ended, the newest first.
        """
        return [run for run in reversed(self._by_rig.values()) if run.run_id is not None]

    def find(self, run_id: str) -> LiveRun | None:
        """
        The run of that id, while it is running.
        """
        return next((run for run in self.running if run.run_id == run_id), None)

    def on(self, rig: RigSpec) -> str | None:
        """
        The id of the run that is going on on that rig.
        """
        run = self._by_rig.get(rig.path.resolve())
        return None if run is None else run.run_id

    def alert(self, notification: Mapping[str, Any], at: Instant) -> list[str]:
        """
        Hands a notification of an Alertmanager, which came at that moment, to every run that can hear it; returns
        their ids.
        """
        runs = [run for run in self.running if run.alert(notification, at)]
        return [run.run_id for run in runs if run.run_id is not None]

    def problem_of(self, run_id: str) -> str:
        """
        What the record of a run of this host cannot say; empty for nothing.
        """
        return self._problems.get(run_id, "")

    async def close(self, reason: str) -> int:
        """
        Starts no more, aborts what is running and waits until it is restored; returns how many runs that were.
        """
        self._closed_for = self._closed_for or reason
        runs = list(self._by_rig.values())
        for run in runs:
            run.abort(reason)
        with anyio.move_on_after(_ENDS_WITHIN_S):
            for run in runs:
                await run.over.wait()
        return len(runs)

    async def _carry_out(self, place: Path, run: LiveRun) -> None:
        try:
            await run.carry_out()
            if run.run_id is not None:
                await self._recorded(run, run.run_id)
        finally:
            del self._by_rig[place]
            run.over.set()
            if run.run_id is not None:
                self._feed.tell(run.run_id, "over", {"problem": run.problem})
                self._feed.end(run.run_id)

    async def _recorded(self, run: LiveRun, run_id: str) -> None:
        try:
            await anyio.to_thread.run_sync(put_on_record, run_id)
        except Exception as error:  # what goes wrong after a run must not end the host, which may have another
            what = str(error) if isinstance(error, CrashbenchError) else f"its report failed: {error!r}"
            run.problem = "; ".join(filter(None, (run.problem, what)))
        if run.problem:
            _log.error("run %s: %s", run_id, run.problem)
        self._problems[run_id] = run.problem
        while len(self._problems) > _REMEMBERED:
            self._problems.popitem(last=False)
