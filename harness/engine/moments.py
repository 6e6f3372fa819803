"""
The instants of a trial as they come in, told to the record at once.
"""

from __future__ import annotations

from dataclasses import replace

from .. import clock
from ..model.event import JSON, Event, Kind
from ..model.instant import Instant
from ..model.trial import Instants
from ..protocols import Listener

# Of several faults the trial counts from the first command to the last effect and the last removal.
_LAST = frozenset({Kind.FAULT_EFFECTIVE, Kind.REMOVAL_COMMANDED, Kind.REMOVAL_EFFECTIVE})


class Moments:
    """
    Collects a trial's instants and emits each as an event.
    """

    def __init__(self, trial: int, emit: Listener) -> None:
        self.trial, self._emit = trial, emit
        self.instants = Instants()

    def mark(self, kind: Kind, at: Instant, subject: str = "") -> None:
        """
        Takes the instant that `kind` is named after.
        """
        known: Instant | None = getattr(self.instants, kind.value)
        if known is not None:
            at = Instant.last(known, at) if kind in _LAST else Instant.first(known, at)
        self.instants = replace(self.instants, **{kind.value: at})
        self._emit(Event(kind=kind, at=at, trial=self.trial, subject=subject))

    def tell(self, kind: Kind, subject: str = "", **data: JSON) -> None:
        """
        Emits an event of this trial that happens now.
        """
        at = Instant.exactly(clock.now_ns())
        self._emit(Event(kind=kind, at=at, trial=self.trial, subject=subject, data=data))

    def phase(self, name: str, for_s: float | None = None) -> None:
        """
        Emits that a phase begins, and how long it may take, in seconds.
        """
        self.tell(Kind.PHASE, name, for_s=for_s)
