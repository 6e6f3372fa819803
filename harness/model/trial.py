"""
One trial: its instants, and the durations that follow from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields

from .instant import Instant, Span
from .quantity import BACK_POWERED_V, Quantity
from .verdict import TrialVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Instants:
    """
    The instants of one trial; None is what never came, or could not be seen.
    """

    fault_commanded: Instant | None = None
    fault_effective: Instant | None = None
    steady_lost: Instant | None = None
    detected: Instant | None = None
    failed_over: Instant | None = None
    removal_commanded: Instant | None = None
    removal_effective: Instant | None = None
    first_sign: Instant | None = None
    ready: Instant | None = None

    def items(self) -> Iterator[tuple[str, Instant | None]]:
        """
        Name and instant, in the order of a trial.
        """
        return ((f.name, getattr(self, f.name)) for f in fields(self))


# Name of a duration: the instant it starts at, the instant it ends at.
DURATIONS: Mapping[str, tuple[str, str]] = {
    "time_to_detect": ("fault_commanded", "detected"),
    "time_to_detect_from_effect": ("fault_effective", "detected"),
    "time_to_fail_over": ("fault_effective", "failed_over"),
    "time_to_recover": ("detected", "ready"),
    "recovery_from_removal": ("removal_effective", "ready"),
    "downtime": ("steady_lost", "ready"),
    "actuation": ("fault_commanded", "fault_effective"),
    "boot": ("first_sign", "ready"),
}

# The ends that a longer watch might still have brought: without them a duration is censored, not absent.
_WATCHED_FOR = frozenset({"detected", "failed_over", "ready"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """
    One inject-and-recover, with everything that was seen of it.

    `watched_until_ns` is when the bench stopped looking, or, once the steady state was lost, when it last asked and the
    DUT was not ready; `heard_until_ns` is how long it listened for an alert of others. `requests` and `failed_requests`
    count the steady-state probes' questions from the commanded injection until ready (or until the watch ended);
    `gap_ns` is the longest stretch between two questions that were answered well, so that a loss shorter than it can
    have gone unseen. `quantities` are what a sampled rail tells, and what probes measured within bounds.
    """

    index: int
    verdict: TrialVerdict
    reason: str = ""
    instants: Instants = field(default_factory=Instants)
    watched_until_ns: int = 0
    heard_until_ns: int | None = None
    requests: int = 0
    failed_requests: int = 0
    gap_ns: int = 0
    expects_loss: bool | None = True
    awaited: frozenset[str] = frozenset({"ready"})
    hold_up: Span | None = None
    quantities: Mapping[str, Quantity] = field(default_factory=dict)
    readings: Mapping[str, float] = field(default_factory=dict)
    truth: Mapping[str, int] | None = None

    def duration(self, name: str) -> Span | None:
        """
        A duration by its name in `DURATIONS` or `hold_up`; None where it has no meaning for this trial. What had
        recovered when the alert came took no time to recover from then on.
        """
        if name == "hold_up":
            return self.hold_up
        first, last = DURATIONS[name]
        start: Instant | None = getattr(self.instants, first)
        end: Instant | None = getattr(self.instants, last)
        if self._never_lost and name == "downtime":
            return Span(0, self.gap_ns)
        if start is None:
            return None
        if end is not None:
            return Span(0, 0) if name == "time_to_recover" and end.surely_before(start) else Span.between(start, end)
        if last not in _WATCHED_FOR or last not in self.awaited:
            return None
        if last == "ready" and self.instants.steady_lost is None:
            return None  # whatever ended this trial, it had not been seen to lose what it could have got back
        return Span.longer_than(start, self._awaited_until_ns(last))

    def _awaited_until_ns(self, name: str) -> int:
        """
        Until when an instant that never came was awaited: nothing fails over any more when the fault is gone.
        """
        removal = self.instants.removal_commanded
        if name == "failed_over" and removal is not None:
            return removal.earliest_ns
        if name == "detected" and self.heard_until_ns is not None:
            return self.heard_until_ns
        return self.watched_until_ns

    def durations(self) -> dict[str, Span | None]:
        """
        Every duration by name, in the order of the record.
        """
        names = [*list(DURATIONS)[:-1], "hold_up", "boot"]
        return {name: self.duration(name) for name in names}

    def warnings(self) -> list[str]:
        """
        What its quantities show to be wrong with the rig: a DUT that is fed from behind.
        """
        level = self.quantities.get("back_power")
        if level is None or level.low <= BACK_POWERED_V:
            return []
        told = f"while it was off, its rail stood at {level}, above {BACK_POWERED_V:g} V"
        return [f"{told}: back-powered by another path (a port, a pin), or not discharged yet when it was fed again"]

    @property
    def _never_lost(self) -> bool:
        return self.verdict is TrialVerdict.RECOVERED and self.instants.steady_lost is None
