"""
What can be said of a trial and of a drill, and how verdicts combine.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class TrialVerdict(StrEnum):
    """
    What became of the DUT in one trial.
    """

    RECOVERED = "recovered"
    STUCK = "stuck"
    INCONCLUSIVE = "inconclusive"


class Verdict(StrEnum):
    """
    What can be said of a hypothesis or a criterion.
    """

    HELD = "held"
    DEVIATED = "deviated"
    INCONCLUSIVE = "inconclusive"

    @staticmethod
    def worst(verdicts: Iterable[Verdict]) -> Verdict:
        """
        Any deviation decides; else any doubt does; nothing at all is doubt, never green.
        """
        seen = set(verdicts)
        if Verdict.DEVIATED in seen:
            return Verdict.DEVIATED
        return Verdict.HELD if seen == {Verdict.HELD} else Verdict.INCONCLUSIVE
