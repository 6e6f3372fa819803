"""
From trials and criteria to verdicts: of each criterion, and of the drill.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

from ..model.criterion import DURATION_NAMES, MEANS, RATIOS, Criterion, Judged
from ..model.quantity import QUANTITIES
from ..model.trial import Trial
from ..model.verdict import TrialVerdict, Verdict
from .binomial import lower_bound, upper_bound

# The criteria that say how long a recovery may take: a stuck trial is judged by them.
_RECOVERY = frozenset({"time_to_recover", "recovery_from_removal", "downtime", "mttr"})
_DEFAULT_CONFIDENCE = 0.95


def judge(criterion: Criterion, trials: Sequence[Trial]) -> Judged:
    """
    A criterion over all trials that count: those the bench can vouch for.
    """
    counted = [trial for trial in trials if trial.verdict is not TrialVerdict.INCONCLUSIVE]
    if criterion.name in RATIOS:
        return _ratio(criterion, counted)
    if criterion.name in MEANS:
        return _mean(criterion, counted)
    if criterion.name in DURATION_NAMES:
        return _every(criterion, [_duration(trial, criterion.name) for trial in counted])
    if criterion.name in QUANTITIES or any(criterion.name in trial.quantities for trial in counted):
        return _every(criterion, [_quantity(trial, criterion.name) for trial in counted])
    return _measured(criterion, counted)


def drill_verdict(trials: Sequence[Trial], criteria: Sequence[Judged]) -> tuple[Verdict, str]:
    """
    The drill's verdict, and the reason for it in one sentence.
    """
    reasons = {verdict: "" for verdict in Verdict}
    verdicts = []
    for trial in trials:
        verdict, reason = _of_trial(trial, criteria)
        verdicts.append(verdict)
        reasons[verdict] = reasons[verdict] or reason
    for judged in criteria:
        verdicts.append(judged.verdict)
        reasons[judged.verdict] = reasons[judged.verdict] or _why(judged)
    worst = Verdict.worst(verdicts)
    if worst is Verdict.HELD:
        return worst, f"{len(trials)} of {len(trials)} trials recovered, every criterion met"
    return worst, reasons[worst] or "nothing was tried"


def _of_trial(trial: Trial, criteria: Sequence[Judged]) -> tuple[Verdict, str]:
    where = f"trial {trial.index}: "
    if trial.verdict is TrialVerdict.INCONCLUSIVE:
        return Verdict.INCONCLUSIVE, where + trial.reason
    if trial.instants.steady_lost is not None and trial.expects_loss is False:
        return Verdict.DEVIATED, where + "the steady state was lost, though the drill expects it to hold"
    if trial.verdict is TrialVerdict.RECOVERED:
        return Verdict.HELD, ""
    about_recovery = [j.verdict for j in criteria if j.expr.split()[0] in _RECOVERY]
    if about_recovery and Verdict.DEVIATED not in about_recovery:
        return Verdict.INCONCLUSIVE, where + f"{trial.reason}, but it was not watched past its target"
    return Verdict.DEVIATED, where + trial.reason


def _why(judged: Judged) -> str:
    if judged.value is None:
        return f"{judged.expr}: nothing to judge it by"
    if judged.verdict is Verdict.INCONCLUSIVE:
        high = "no upper bound" if judged.high is None else f"{judged.high:.6g}"
        return f"{judged.expr}: the interval {judged.low:.6g} … {high} straddles the target"
    return f"{judged.expr}: measured {judged.value:.6g}"


class _Interval(NamedTuple):
    """
    What is known of one value of a trial: its ends, and the middle, which is the low end where there is no high one.
    """

    low: float
    high: float | None
    middle: float


def _duration(trial: Trial, name: str) -> _Interval | None:
    span = trial.duration(name)
    return None if span is None else _Interval(span.low_s, span.high_s, span.mid_s)


def _quantity(trial: Trial, name: str) -> _Interval | None:
    quantity = trial.quantities.get(name)
    if quantity is None:
        return None
    low, high = quantity.low, quantity.high
    return _Interval(low, high, low if high is None else (low + high) / 2)


def _every(criterion: Criterion, intervals: Sequence[_Interval | None]) -> Judged:
    """
    Each trial is judged; the one that is shown is the one that did worst.
    """
    seen = [interval for interval in intervals if interval is not None]
    if not seen:
        return Judged(expr=criterion.expr, verdict=Verdict.INCONCLUSIVE)
    verdicts = [criterion.verdict(interval.low, interval.high) for interval in seen]
    if len(seen) < len(intervals):
        verdicts.append(Verdict.INCONCLUSIVE)
    worst = _worst(criterion, seen)
    return Judged(
        expr=criterion.expr,
        verdict=Verdict.worst(verdicts),
        value=worst.middle,
        low=worst.low,
        high=worst.high,
        n=len(seen),
    )


def _worst(criterion: Criterion, intervals: Sequence[_Interval]) -> _Interval:
    sign = 1 if criterion.op in ("<", "<=", "==") else -1
    rank = {Verdict.HELD: 0, Verdict.INCONCLUSIVE: 1, Verdict.DEVIATED: 2}
    return max(intervals, key=lambda one: (rank[criterion.verdict(one.low, one.high)], sign * one.middle))


def _mean(criterion: Criterion, trials: Sequence[Trial]) -> Judged:
    spans = [trial.duration(MEANS[criterion.name]) for trial in trials]
    seen = [span for span in spans if span is not None]
    if not seen or len(seen) < len(spans):
        return Judged(expr=criterion.expr, verdict=Verdict.INCONCLUSIVE, n=len(seen))
    low = fmean(span.low_s for span in seen)
    highs = [span.high_s for span in seen if span.high_s is not None]
    # One trial without an end leaves the mean without an upper bound; it is never averaged away.
    high = fmean(highs) if len(highs) == len(seen) else None
    value = fmean(span.mid_s for span in seen)
    return Judged(
        expr=criterion.expr, verdict=criterion.verdict(low, high), value=value, low=low, high=high, n=len(seen)
    )


def _ratio(criterion: Criterion, trials: Sequence[Trial]) -> Judged:
    n = sum(trial.requests for trial in trials)
    failed = sum(trial.failed_requests for trial in trials)
    if n == 0:
        return Judged(expr=criterion.expr, verdict=Verdict.INCONCLUSIVE)
    confidence = criterion.confidence or _DEFAULT_CONFIDENCE
    low, high = lower_bound(failed, n, confidence), upper_bound(failed, n, confidence)
    value = failed / n
    verdict = criterion.verdict(value, value) if criterion.confidence is None else criterion.verdict(low, high)
    return Judged(expr=criterion.expr, verdict=verdict, value=value, low=low, high=high, n=n)


def _measured(criterion: Criterion, trials: Sequence[Trial]) -> Judged:
    values = [trial.readings[criterion.name] for trial in trials if criterion.name in trial.readings]
    if not values or len(values) < len(trials):
        return Judged(expr=criterion.expr, verdict=Verdict.INCONCLUSIVE, n=len(values))
    verdict = Verdict.worst(criterion.verdict(value, value) for value in values)
    value = max(values) if criterion.op in ("<", "<=", "==") else min(values)
    return Judged(expr=criterion.expr, verdict=verdict, value=value, low=value, high=value, n=len(values))
