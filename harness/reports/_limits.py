"""
What a run cannot tell, from its own facts.
"""

from __future__ import annotations

from ..model.instant import NS_PER_S
from ..model.run import Run
from ..model.verdict import TrialVerdict
from ..science import binomial
from . import _summary
from ._text import clean, percent, seconds

# The fewest trials that, without one failure, show a rate under 5 % at 95 % confidence: ln 0.05 / ln 0.95.
_TRIALS_FOR_5_PERCENT = 59

_PLAYED = {
    "lab": (
        "The rail, the relay and the meter were played, and cutting the supply meant killing a program: what it had "
        "written stays in the page cache of a computer that never lost power, so a missing fsync cannot show."
    ),
    "sim": (
        "The DUT was a model in virtual time: this shows that the drill and the bench work, and nothing about any unit."
    ),
}


def limits(run: Run) -> list[str]:
    """
    What a reader might conclude from a run and should not, in sentences.
    """
    return [*_rate(run), *_shaped(run), *_uncounted(run), *_censored(run), *_unseen(run), *_metered(run), *_played(run)]


def _rate(run: Run) -> list[str]:
    trials = _summary.counted(run)
    if not trials:
        return ["No trial counts, so it says nothing about the unit."]
    n, failures = len(trials), sum(map(_summary.failed, trials))
    bound = binomial.upper_bound(failures, n, _summary.CONFIDENCE)
    sentence = f"{failures} of {n} trials failed: at 95 % confidence the true failure rate is at most {percent(bound)}."
    if failures == 0 and n < _TRIALS_FOR_5_PERCENT:
        sentence += f" To show less than 5 % takes {_TRIALS_FOR_5_PERCENT} trials without a failure."
    shared = "That holds for this unit, this workload and these conditions, which all trials share; not for a fleet."
    return [f"{sentence} {shared}"]


def _shaped(run: Run) -> list[str]:
    if not run.deviations:
        return []
    whole, *rows = run.deviations
    left_out = [row for row in rows if not row.delivered]
    told = f"It is shaped after {clean(whole.asked)}, and shows no compliance with it"
    return [f"{told}; of {len(left_out)} rows that were not run it says nothing." if left_out else f"{told}."]


def _uncounted(run: Run) -> list[str]:
    doubtful = len(run.trials) - len(_summary.counted(run))
    return [f"{doubtful} of {len(run.trials)} trials inconclusive: they count for nothing."] if doubtful else []


def _censored(run: Run) -> list[str]:
    watched = [
        span.low_s
        for trial in run.trials
        if trial.verdict is TrialVerdict.STUCK
        for span in [trial.duration("downtime") or trial.duration("recovery_from_removal")]
        if span is not None and span.is_censored
    ]
    if not watched:
        return []
    were = "1 trial was" if len(watched) == 1 else f"{len(watched)} trials were"
    return [f"{were} still out when the watch ended, after {seconds(max(watched))} at most; the rest is unknown."]


def _unseen(run: Run) -> list[str]:
    gap_ns = max((trial.gap_ns for trial in run.trials), default=0)
    if not gap_ns:
        return []
    return [f"A loss of service that fell between two questions, {seconds(gap_ns / NS_PER_S)} apart, was not seen."]


def _metered(run: Run) -> list[str]:
    if not any(trial.quantities for trial in run.trials):
        return []
    return [
        "What the power trace tells rests on the shunt that the rig file names, and on currents that last for four "
        "samples or more; of a shorter one only its average is known. The meter's own error of gain and offset is in "
        "no interval."
    ]


def _played(run: Run) -> list[str]:
    return [_PLAYED[run.head.world]] if run.head.world in _PLAYED else []
