"""
Kills under way, one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import anyio

from .. import clock
from ..errors import NotProven
from ..model.instant import Instant, Span
from ..protocols import NoAnswer
from ._workers import Workers


class Kill(NamedTuple):
    """
    Whom to kill, so many seconds after the fault's start.
    """

    at_s: float
    worker: str


class KillStrike:
    """
    Kills by a schedule. Whoever is not there when his turn comes, because he has not been started again yet, is left
    out, and told of.
    """

    commanded: Instant
    removal_commanded: Instant | None = None
    hold_up: Span | None = None

    def __init__(self, workers: Workers, schedule: Sequence[Kill], signal: str, prove_s: float) -> None:
        self._workers, self._left, self._signal, self._prove_s = workers, list(schedule), signal, prove_s
        self._count = len(schedule)
        self._start_ns = clock.now_ns()
        self._killed: dict[str, set[int]] = {}
        self._spared: list[str] = []
        self._first: tuple[str, int] = ("", 0)
        self._seen = anyio.Event()

    @property
    def delivered(self) -> str:
        """
        How many were killed of those that were drawn.
        """
        done = self._count - len(self._left) - len(self._spared)
        spared = f"; {'; '.join(self._spared)}" if self._spared else ""
        return f"{done} of {self._count} kills as drawn{spared}"

    async def begin(self) -> None:
        """
        Kills until one was killed. Raises NotProven when nobody could be.
        """
        while self._left:
            killed = await self._next()
            if killed is not None:
                self.commanded, self._first = killed
                return
        raise NotProven(f"nobody was killed: {'; '.join(self._spared)}")

    async def effective(self) -> Instant:
        """
        Waits until the first one is gone; ends only by that, or by being cancelled.
        """
        worker, pid = self._first
        since_ns = self.commanded.earliest_ns
        while True:
            look = await self._workers.look(worker)
            if not look.silence:
                if pid not in look.pids:
                    self._seen.set()
                    return Instant(since_ns, look.settled_ns)
                since_ns = max(since_ns, look.asked_ns)
            await self._workers.pause()

    def why_not(self) -> str:
        """
        What was seen of the first one instead.
        """
        worker, pid = self._first
        return f"process {pid} was sent SIG{self._signal}, but {self._workers.told(worker)}: does it take no notice?"

    async def last(self) -> None:
        """
        Carries out the rest of the schedule.
        """
        while self._left:
            await self._next()
        with anyio.move_on_after(self._prove_s):
            await self._seen.wait()

    def end(self) -> None:
        """
        Nobody is killed any more.
        """
        self.removal_commanded = Instant.exactly(clock.now_ns())

    async def removed(self) -> Instant:
        """
        Waits until each one that was killed has another process; for who is left dead, that is with the last kill.
        """
        assert self.removal_commanded is not None
        since_ns = self.removal_commanded.earliest_ns
        with anyio.move_on_after(self._prove_s):
            while True:
                asked_ns = clock.now_ns()
                if all([await self._is_back(worker, killed) for worker, killed in self._killed.items()]):
                    return Instant(since_ns, clock.now_ns())
                since_ns = asked_ns
                await self._workers.pause()
        return self.removal_commanded

    async def _is_back(self, worker: str, killed: set[int]) -> bool:
        look = await self._workers.look(worker)
        return bool(look.pids - killed) and not look.pids & killed

    async def _next(self) -> tuple[Instant, tuple[str, int]] | None:
        """
        The next one of the schedule, when it is due: when he was killed, and which process that was; None for nobody.
        """
        kill = self._left[0]
        await clock.sleep_until(self._start_ns + round(kill.at_s * clock.NS_PER_S))
        look = await self._workers.look(kill.worker)
        struck, problem = None, self._workers.told(kill.worker)
        for pid in sorted(look.pids):
            called_ns = clock.now_ns()
            try:
                if await self._workers.kill(pid, self._signal):
                    self._killed.setdefault(kill.worker, set()).add(pid)
                    struck = struck or (Instant(called_ns, clock.now_ns()), (kill.worker, pid))
                else:
                    problem = f"process {pid} of {kill.worker} had ended"
            except NoAnswer as error:
                problem = f"process {pid} of {kill.worker} could not be reached ({error})"
        self._left.pop(0)
        if struck is None:
            self._spared.append(f"{problem} at {kill.at_s:g} s")
        return struck
