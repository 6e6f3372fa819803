"""
Supervisors that rehearse: they record and tell what a bench process would, and go on when a test says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio

from harness import clock
from harness.errors import Exit
from harness.model import codec
from harness.model.event import Event, Kind
from harness.model.instant import Instant
from harness.model.run import Run
from harness.model.verdict import Verdict
from harness.protocols import Listener
from harness.store.events import EventLog
from harness.store.home import runs_dir
from harness.supervise.request import RunRequest
from harness.supervise.supervisor import Outcome
from tests.store.recorded import events_of, held


@dataclass
class Rehearsal:
    """
    One run: it begins, tells its trial when it is let `go_on`, and ends; or it does what `instead` says.
    """

    request: RunRequest
    listen: Listener
    instead: Callable[[], Outcome] | None = None
    run_id: str = ""
    aborts: list[str] = field(default_factory=list)
    alerts: list[tuple[Any, Instant]] = field(default_factory=list)
    go_on: anyio.Event = field(default_factory=anyio.Event)
    is_deaf: bool = False
    problem: str = ""

    async def run(self) -> Outcome:
        """
        As a supervisor does.
        """
        if self.instead is not None:
            return self.instead()
        run = held(self.run_id, drill=Path(self.request.drill).stem, rig=Path(self.request.rig).stem)
        self.listen(rail())
        with EventLog(runs_dir() / self.run_id, virtual=True) as record:
            first, *rest = events_of(run)
            self.tell(record, first)
            await self.go_on.wait()
            for event in [*rest[:-1], self.last(run)]:
                self.tell(record, event)
        return Outcome(exit_code=Exit.BENCH if self.aborts else Exit.HELD, run_id=self.run_id, problem=self.problem)

    def abort(self, reason: str, exit_code: int = Exit.BENCH) -> None:
        """
        As a supervisor does; one that is deaf goes on.
        """
        self.aborts.append(reason)
        if not self.is_deaf:
            self.go_on.set()

    def alert(self, notification: Any, at: Instant) -> None:
        """
        Keeps what it was told.
        """
        self.alerts.append((notification, at))

    def tell(self, record: EventLog, event: Event) -> None:
        """
        Tells first and records after, like a bench process.
        """
        self.listen(event)
        record(event)

    def last(self, run: Run) -> Event:
        """
        The last event: held, or inconclusive when it was aborted.
        """
        verdict = Verdict.INCONCLUSIVE if self.aborts else run.verdict
        reason = self.aborts[0] if self.aborts else run.reason
        data = codec.end_to_json(verdict, reason, run.criteria, run.notes)
        return Event(kind=Kind.RUN_ENDED, at=Instant.exactly(91 * clock.NS_PER_S), data=data)


class Stage:
    """
    Makes rehearsals, and keeps them. `instead` replaces the next ones; runs are called `run-1`, `run-2`, …
    """

    def __init__(self, instead: Callable[[], Outcome] | None = None, *, at_once: bool = False) -> None:
        self.instead, self.at_once = instead, at_once
        self.runs: list[Rehearsal] = []

    def __call__(self, request: RunRequest, listen: Listener) -> Rehearsal:
        run_id = f"run-{len(self.runs) + 1}"
        run = Rehearsal(request, listen, self.instead, run_id)
        if self.at_once:
            run.go_on.set()
        self.runs.append(run)
        return run


def rail(volts: float = 5.0) -> Event:
    """
    What is shown of a rail, and never recorded.
    """
    return Event(kind=Kind.READING, at=Instant.exactly(1), subject="edge", data={"bus_v": volts})
