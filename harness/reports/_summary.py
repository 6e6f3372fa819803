"""
What several trials say together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..model.instant import Span
from ..model.run import Run
from ..model.trial import Trial
from ..model.verdict import TrialVerdict
from ..science import binomial, survival

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """
    One duration over trials: how many, how many of them never saw its end, their median and mean in seconds.

    The median is None when fewer than half were seen to end; in the mean each counts for at most `limit_s`; `error_s`
    is the largest half-width of those that were seen to end.
    """

    n: int
    censored: int
    median_s: float | None
    mean_s: float
    limit_s: float
    error_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRatio:
    """
    Failed requests among all that were counted, and the most that leaves room for, at 95 % confidence.
    """

    failed: int
    n: int
    bound: float

    @property
    def ratio(self) -> float:
        """
        The failed ones as a fraction of all.
        """
        return self.failed / self.n


def counted(run: Run) -> list[Trial]:
    """
    The trials that the bench can vouch for.
    """
    return [trial for trial in run.trials if trial.verdict is not TrialVerdict.INCONCLUSIVE]


def failed(trial: Trial) -> bool:
    """
    Whether the DUT failed in this trial: it did not come back, or was lost where it should have held.
    """
    return trial.verdict is TrialVerdict.STUCK or (
        trial.instants.steady_lost is not None and trial.expects_loss is False
    )


def spans(trials: Iterable[Trial], name: str) -> list[Span]:
    """
    One duration in each trial where it has a meaning.
    """
    return [span for span in (trial.duration(name) for trial in trials) if span is not None]


def summary(seen: list[Span]) -> Summary:
    """
    Several spans in short; the ones without an end count for as long as they were watched.
    """
    times = [(span.mid_s, not span.is_censored) for span in seen]
    limit_s, _ = max(times)
    return Summary(
        n=len(seen),
        censored=sum(span.is_censored for span in seen),
        median_s=survival.median_s(times),
        mean_s=survival.restricted_mean_s(times, limit_s),
        limit_s=limit_s,
        error_s=max((span.high_s - span.low_s for span in seen if span.high_s is not None), default=0.0) / 2,
    )


def error_ratio(trials: list[Trial]) -> ErrorRatio | None:
    """
    The error ratio over trials; None when nothing was asked.
    """
    n, wrong = sum(trial.requests for trial in trials), sum(trial.failed_requests for trial in trials)
    return ErrorRatio(failed=wrong, n=n, bound=binomial.upper_bound(wrong, n, CONFIDENCE)) if n else None
