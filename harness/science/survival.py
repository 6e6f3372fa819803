"""
Recovery times when some never came: Kaplan-Meier's curve, its median, and the mean up to a limit.

A time is a pair (seconds, observed). Not observed means right-censored: the watch ended there, before the recovery.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

Time = tuple[float, bool]


@dataclass(frozen=True, slots=True)
class Step:
    """
    Where the curve falls: at `at_s` seconds `recovered` of the `at_risk` came back, and a share `left` was still out.
    """

    at_s: float
    at_risk: int
    recovered: int
    left: float


def curve(times: Sequence[Time]) -> list[Step]:
    """
    Kaplan-Meier's estimate of the share that has not recovered yet, as the steps where it falls.

    A time that is censored where others recover counts as still at risk there.
    """
    steps: list[Step] = []
    at_risk, left = len(times), 1.0
    for at_s, group in groupby(sorted(times), key=lambda time: time[0]):
        outcomes = [observed for _, observed in group]
        recovered = sum(outcomes)
        if recovered:
            left *= 1 - recovered / at_risk
            steps.append(Step(at_s, at_risk, recovered, left))
        at_risk -= len(outcomes)
    return steps


def median_s(times: Sequence[Time]) -> float | None:
    """
    The time by which half had recovered, in seconds; None when it was not reached.
    """
    # A half that rounding left a hair above one half is one half.
    return next((step.at_s for step in curve(times) if step.left <= 0.5 + 1e-12), None)


def restricted_mean_s(times: Sequence[Time], limit_s: float) -> float:
    """
    The mean recovery time when each counts for at most `limit_s`: the area under the curve up to there, in seconds.

    Raises ValueError when there are no times, or when some were still out and nobody watched until the limit.
    """
    if not times:
        raise ValueError("there is no mean of no times")
    longest_s, _ = max(times)
    if limit_s > longest_s and any(not observed for at_s, observed in times if at_s == longest_s):
        raise ValueError(f"nobody watched until {limit_s} s: the last look was at {longest_s} s")
    area, since_s, left = 0.0, 0.0, 1.0
    for step in curve(times):
        if step.at_s >= limit_s:
            break
        area += left * (step.at_s - since_s)
        since_s, left = step.at_s, step.left
    return area + left * (limit_s - since_s)
