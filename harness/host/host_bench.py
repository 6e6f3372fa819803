"""
The bench as a host has it: rigs and drills by name, runs, and what they tell.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

from ..errors import UsageError
from ..supervise.supervisor import Supervisor
from .catalogue import Catalogue
from .feed import MEMORY, Feed
from .figures import Figures
from .keys import Keys
from .lane import Lane
from .live_run import MakeSupervisor
from .looking import Looking
from .ordering import request_of
from .schemas import RunOrder


class HostBench:
    """
    `rig` is what is served, `supervisor` makes what carries out a run, `memory` is how many events are at hand.

    Raises UsageError for what the rig's file gets wrong.
    """

    def __init__(
        self, rig: str, *, supervisor: MakeSupervisor = Supervisor, memory: int = MEMORY, heartbeat_s: float = 15.0
    ) -> None:
        self.catalogue = Catalogue(rig)
        self.feed = Feed(memory)
        self.figures = Figures()
        self.lane = Lane(self.feed, supervisor)
        self.figures.watch(lambda: len(self.lane.running))
        self.looking = Looking()
        self.heartbeat_s = heartbeat_s
        self._keys = Keys()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """
        Runs can be started inside; on leaving, what runs is aborted and restored, and every stream ends.
        """
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self.looking.keep)
                async with self.lane.open():
                    yield
                tasks.cancel_scope.cancel()
        finally:
            self.feed.close()

    async def start(self, order: RunOrder, key: str | None) -> str:
        """
        Starts a run, or finds the one that was started under `key`; returns its id.

        Raises UsageError, Busy, Refused, BenchError.
        """
        if key is None:
            return await self._start(order)
        if not key or len(key) > 255:
            raise UsageError("must have from 1 to 255 characters", key="Idempotency-Key")
        return await self._keys.once(key, order, self._start)

    async def close(self, reason: str) -> int:
        """
        Ends every run, restored, and then every stream; returns how many runs that were.
        """
        ended = await self.lane.close(reason)
        self.feed.close()
        return ended

    async def _start(self, order: RunOrder) -> str:
        request, rig = request_of(order, self.catalogue)
        return await self.lane.start(request, rig)
