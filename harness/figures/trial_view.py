"""
One trial as it is drawn: what was seen of it, and the stretch of time that is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ..model.event import Event, Kind
from ..model.evidence import Evidence
from ..model.instant import NS_PER_S, Instant, Span
from ..model.run import RailLevels, Run
from ..model.trace import Trace
from ..model.trial import Trial

_NS_PER_MS = 1_000_000
# How much is shown before the fault and after the last instant, as a share of the time between them.
_MARGIN = 0.12
# A close-up is never closer than this: what a sampled meter and a relay can show.
_CLOSEST_NS = 20 * _NS_PER_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """
    A stretch of the bench clock (nanoseconds), drawn as a time in `unit` (`s` or `ms`) since the earliest of `zero`,
    which is the instant that `after` says.
    """

    from_ns: int
    to_ns: int
    zero: Instant
    after: str
    unit: str = "s"

    def at(self, ns: int) -> float:
        """
        A moment in the window's unit.
        """
        unit_ns, digits = (NS_PER_S, 6) if self.unit == "s" else (_NS_PER_MS, 3)
        return round((ns - self.zero.earliest_ns) / unit_ns, digits)

    @property
    def width_ns(self) -> int:
        """
        How long it is.
        """
        return self.to_ns - self.from_ns

    @property
    def ends(self) -> list[float]:
        """
        Where it begins and ends, in its unit.
        """
        return [self.at(self.from_ns), self.at(self.to_ns)]

    @property
    def title(self) -> str:
        """
        What its axis shows.
        """
        return f"time ({self.unit} after {self.after})"

    def since_zero(self, instant: Instant) -> Span:
        """
        From its zero to an instant.
        """
        return Span.between(self.zero, instant)

    def touches(self, instant: Instant) -> bool:
        """
        Whether any of an instant lies in it.
        """
        return _meet(instant, Instant(self.from_ns, self.to_ns))


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialView:
    """
    A trial with its own events, the traces that were recorded meanwhile, and the levels of the rails they watch.
    """

    trial: Trial
    events: tuple[Event, ...] = ()
    traces: tuple[Trace, ...] = ()
    rails: Mapping[str, RailLevels] = field(default_factory=dict)

    @classmethod
    def of(cls, run: Run, evidence: Evidence, trial: Trial) -> TrialView:
        """
        A trial of a run, seen through the run's evidence.
        """
        view = cls(
            trial=trial,
            events=tuple(event for event in evidence.events if event.trial == trial.index),
            rails=run.head.rails,
        )
        met = (trace for trace in evidence.traces.values() if _meet(trace.span, view.span))
        return replace(view, traces=tuple(met))

    @property
    def seen(self) -> list[tuple[str, Instant]]:
        """
        The instants that were seen, by name, in the order of a trial.
        """
        return [(name, instant) for name, instant in self.trial.instants.items() if instant is not None]

    @property
    def span(self) -> Instant:
        """
        From the trial's first event to its last.
        """
        known = [instant for _, instant in self.seen] + [event.at for event in self.events]
        if not known:
            return Instant.exactly(self.trial.watched_until_ns)
        return Instant(min(at.earliest_ns for at in known), max(at.latest_ns for at in known))

    def whole(self) -> Window:
        """
        The trial from a little before its fault to its end; without a fault, all of it.
        """
        start, end = self.span.earliest_ns, self.span.latest_ns
        zero, after = self.trial.instants.fault_commanded, "the fault was commanded"
        if zero is None:
            zero, after = Instant.exactly(start), "the trial began"
        else:
            start = max(start, zero.earliest_ns - round(_MARGIN * (end - zero.earliest_ns)))
        margin = max(_CLOSEST_NS, (end - start) // 50)
        return Window(from_ns=start - margin, to_ns=end + margin, zero=zero, after=after)

    def close_up(self, first: str, last: str, after: str) -> Window | None:
        """
        The moments from one instant to another, close enough to see both; None where one of them was not seen.
        """
        start: Instant | None = getattr(self.trial.instants, first)
        end: Instant | None = getattr(self.trial.instants, last)
        if start is None or end is None:
            return None
        both = start.hull(end)
        margin = max(_CLOSEST_NS, round(0.6 * both.width_ns))
        ends = {"from_ns": both.earliest_ns - margin, "to_ns": both.latest_ns + margin}
        return Window(**ends, zero=start, after=after, unit="ms")

    def of_kind(self, kind: Kind) -> list[Event]:
        """
        The trial's events of one kind, in order.
        """
        return [event for event in self.events if event.kind is kind]


def _meet(a: Instant, b: Instant) -> bool:
    return not a.surely_before(b) and not b.surely_before(a)
