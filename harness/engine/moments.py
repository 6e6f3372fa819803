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

# Of several faults the trial counts from the first command to the last effect and the last removal: those are known
# once every fault has had its own.
_OF_EVERY_FAULT = frozenset({Kind.FAULT_EFFECTIVE, Kind.REMOVAL_COMMANDED, Kind.REMOVAL_EFFECTIVE})


class Moments:
    """
    Collects a trial's instants and emits each as an event.
    """

    def __init__(self, trial: int, faults: int, emit: Listener) -> None:
        self.trial, self._faults, self._emit = trial, faults, emit
        self._of_faults: dict[Kind, list[Instant]] = {}
        self.instants = Instants()

    def mark(self, kind: Kind, at: Instant, subject: str = "") -> None:
        """
        Takes the instant that `kind` is named after.
        """
        of_trial: Instant | None = at
        if kind in _OF_EVERY_FAULT:
            known = self._of_faults.setdefault(kind, [])
            known.append(at)
            of_trial = Instant.last(*known) if len(known) == self._faults else None
        elif (earlier := getattr(self.instants, kind.value)) is not None:
            of_trial = Instant.first(earlier, at)
        self.instants = replace(self.instants, **{kind.value: of_trial})
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
