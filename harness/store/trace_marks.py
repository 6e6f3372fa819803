"""
What a trace is marked with: the instants of the trials, and their phases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..model.event import Event, Kind
from ..model.run import Run


class Mark(NamedTuple):
    """
    A stretch of a trace with a name: an instant's interval, or a phase from its beginning to its end (nanoseconds).
    """

    name: str
    trial: int
    earliest_ns: int
    latest_ns: int


def instants_of(run: Run) -> list[Mark]:
    """
    Every instant that was seen, trial by trial.
    """
    return [
        Mark(name, trial.index, at.earliest_ns, at.latest_ns)
        for trial in run.trials
        for name, at in trial.instants.items()
        if at is not None
    ]


def phases_of(events: Iterable[Event]) -> Iterator[Mark]:
    """
    Every phase, each from its beginning until the next one's, or until its trial or the record ends.
    """
    begun: Event | None = None
    last_ns = 0
    for event in events:
        last_ns = max(last_ns, event.at.latest_ns)
        if event.kind in (Kind.PHASE, Kind.TRIAL_ENDED, Kind.RUN_ENDED):
            if begun is not None:
                yield _phase(begun, event.at.latest_ns)
            begun = event if event.kind is Kind.PHASE else None
    if begun is not None:
        yield _phase(begun, last_ns)


def _phase(begun: Event, end_ns: int) -> Mark:
    return Mark(begun.subject, begun.trial or 0, begun.at.earliest_ns, max(end_ns, begun.at.earliest_ns))
