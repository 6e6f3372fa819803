"""
A success criterion, and what became of it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .trial import DURATIONS
from .verdict import Verdict

OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
}

# Means over trials, by the mission's names, and the duration that each is the mean of.
MEANS: Mapping[str, str] = {"mttd": "time_to_detect", "mttr": "time_to_recover"}

# What a criterion may name besides the durations and what probes measure: name to unit.
RATIOS = frozenset({"error_ratio"})

DURATION_NAMES = frozenset({*DURATIONS, "hold_up", *MEANS})


@dataclass(frozen=True, slots=True)
class Criterion:
    """
    `name op limit`; durations in seconds, ratios as fractions of one, what probes measure in the probe's own unit.

    With a `confidence` a ratio is judged on its one-sided bound instead of on the counts.
    """

    expr: str
    name: str
    op: str
    limit: float
    confidence: float | None = None

    def verdict(self, low: float, high: float | None) -> Verdict:
        """
        Judges a value known to lie in [low, high]; high None means that it has no upper bound.

        Held or deviated only where every value in the interval agrees.
        """
        test = OPERATORS[self.op]
        top = float("inf") if high is None else high
        ends = test(low, self.limit), test(top, self.limit)
        if self.op == "==" and low != top:
            return Verdict.INCONCLUSIVE if low <= self.limit <= top else Verdict.DEVIATED
        if all(ends):
            return Verdict.HELD
        return Verdict.INCONCLUSIVE if any(ends) else Verdict.DEVIATED


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """
    A criterion's verdict with the value it rests on: seconds or fractions, None where nothing was seen.
    """

    expr: str
    verdict: Verdict
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
