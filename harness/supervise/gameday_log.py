"""
A game day's record while it is written, and the time that it is written in.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from .. import clock
from ..model.event import JSON, Event, Kind
from ..model.instant import Instant
from ..protocols import Listener
from ..store.events import EventLog
from ..store.gameday_record import gameday_head_to_json
from ..store.home import gamedays_dir
from .gameday_plan import Plan


class GameDayLog:
    """
    Writes what happens on a game day into its folder, and tells it to `listen`, among the events of its runs.

    Time is the bench clock's. Where every rig's is virtual it is the sum of what the jobs took in theirs, so that the
    same game day is the same record. Raises RecordError when it cannot be written.
    """

    def __init__(self, plan: Plan, listen: Listener) -> None:
        self._is_virtual, self._listen = plan.is_virtual, listen
        self._passed_ns, self._in_job_ns = 0, 0
        # In virtual time the day begins at 0, whatever this process's own clock shows.
        anchor = replace(clock.Anchor.from_seed(plan.seed), at_ns=0) if self._is_virtual else clock.Anchor.take()
        self.head = plan.head(anchor)
        self.folder: Path = gamedays_dir() / self.head.gameday_id
        self._log = EventLog(self.folder, virtual=self._is_virtual)
        self._tell(Kind.GAMEDAY_STARTED, Instant.exactly(anchor.at_ns), data=gameday_head_to_json(self.head))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._log.close()

    def now(self) -> Instant:
        """
        This moment of the game day.
        """
        return Instant.exactly(self._passed_ns if self._is_virtual else clock.now_ns())

    def tell(self, kind: Kind, subject: str = "", **data: JSON) -> None:
        """
        Writes down what happens now.
        """
        self._tell(kind, self.now(), subject, data)

    def hear(self, event: Event) -> None:
        """
        Passes on what a job tells, which has a record of its own.
        """
        self._in_job_ns = max(self._in_job_ns, event.at.latest_ns)
        self._listen(event)

    def job_over(self) -> None:
        """
        A job has ended: its time has passed.
        """
        self._passed_ns += self._in_job_ns
        self._in_job_ns = 0

    def _tell(self, kind: Kind, at: Instant, subject: str = "", data: dict[str, JSON] | None = None) -> None:
        event = Event(kind=kind, at=at, subject=subject, data=data or {})
        self._log(event)
        self._listen(event)
