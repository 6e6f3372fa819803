"""
A run that this host carries out, from its start to its end.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import anyio

from ..errors import BenchError, CrashbenchError, Exit, Refused, UsageError
from ..model.event import EPHEMERAL, Event, Kind
from ..model.instant import Instant
from ..model.rig import RigSpec
from ..model.run import Run
from ..protocols import Listener
from ..store.record import fold
from ..supervise.lease import Lease
from ..supervise.request import RunRequest
from ..supervise.supervisor import Outcome
from .feed import Feed
from .problems import Busy
from .recall import told_data

_log = logging.getLogger("crashbench")

# All that a run's JSON is made of; the answers of its probes are not.
_FOLDED = frozenset(Kind) - EPHEMERAL - {Kind.PROBE, Kind.PHASE}


class Supervises(Protocol):
    """
    What a run asks of its supervisor; `supervise.supervisor.Supervisor` is the one.
    """

    async def run(self) -> Outcome:
        """
        Runs the request. Raises UsageError for what the files get wrong.
        """

    def abort(self, reason: str, exit_code: int = Exit.BENCH) -> None:
        """
        Has the bench process restore and end.
        """

    def alert(self, notification: Mapping[str, Any], at: Instant) -> None:
        """
        Hands over a notification of an Alertmanager that came at that moment.
        """


MakeSupervisor = Callable[[RunRequest, Listener], Supervises]


class LiveRun:
    """
    One run. `carry_out` it once; `begun` waits for its id, `over` is set when nothing of it is running any more.
    """

    def __init__(self, request: RunRequest, rig: RigSpec, feed: Feed, make: MakeSupervisor) -> None:
        self.rig = rig
        self.run_id: str | None = None
        self.problem = ""
        """What the run's record cannot say: why it has no end, what became of the DUT."""
        self.over = anyio.Event()
        self._feed = feed
        self._supervisor = make(request, self._hear)
        self._first_word = anyio.Event()
        self._events: list[Event] = []
        self._lines = 0
        self._failure: CrashbenchError | None = None

    async def carry_out(self) -> None:
        """
        Runs it to its end. Every trouble becomes what `begun` raises, or the `problem`.
        """
        try:
            outcome = await self._supervisor.run()
        except CrashbenchError as error:
            self._failure, self.problem = error, str(error)
        except Exception as error:  # a fault in one run must not end the host, which may be running another
            _log.exception("a run of %s failed", self.rig.name)
            self.problem = f"the supervisor failed: {error}"
        else:
            self.problem = outcome.problem
            if self.run_id is None:
                self._failure = self._unbegun(outcome)
        finally:
            self._first_word.set()

    async def begun(self, within_s: float) -> str:
        """
        The run's id, as soon as it is known. Raises what kept it from beginning; aborts one that takes too long.
        """
        with anyio.move_on_after(within_s) as patience:
            await self._first_word.wait()
        if self.run_id is not None:
            return self.run_id
        if patience.cancelled_caught:
            self.abort("it did not begin in time")
            raise BenchError(f"the run gave no sign of life for {within_s:g} s, and was aborted")
        raise self._failure or BenchError(self.problem)

    def abort(self, reason: str) -> None:
        """
        Has the bench process restore and end, at once or as soon as there is one.
        """
        self._supervisor.abort(reason)

    def alert(self, notification: Mapping[str, Any], at: Instant) -> bool:
        """
        Hands over a notification of an Alertmanager; whether anybody hears it.
        """
        if self.rig.is_virtual:
            return False
        self._supervisor.alert(notification, at)
        return True

    def so_far(self) -> Run:
        """
        The run as far as it has come. Only for one that has begun.
        """
        return fold(self._events, where=f"run {self.run_id}")

    def _hear(self, event: Event) -> None:
        if event.kind is Kind.RUN_STARTED:
            self.run_id = str(event.data["run_id"])
            self._feed.begin(self.run_id)
            self._first_word.set()
        if self.run_id is None:
            return  # rails, shown before the run begins
        line = None
        if event.kind not in EPHEMERAL:
            self._lines += 1
            line = self._lines
        if event.kind in _FOLDED:
            self._events.append(event)
        self._feed.tell(self.run_id, event.kind.value, told_data(event), line)

    def _unbegun(self, outcome: Outcome) -> CrashbenchError:
        problem = outcome.problem or "the run ended before it began"
        if outcome.exit_code == Exit.USAGE:
            return UsageError(problem)
        if outcome.exit_code == Exit.REFUSED:
            return self._refused(problem)
        return BenchError(problem)

    def _refused(self, problem: str) -> Refused:
        """
        The guard refuses, and so does the lease: whether somebody has the rig tells which it was.
        """
        try:
            with Lease(self.rig, "crashbench serve: who has it?"):
                return Refused(problem)
        except Refused as held:
            return Busy(str(held))
        except BenchError:
            return Refused(problem)
