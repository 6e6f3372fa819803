"""
What a probe measured within bounds is judged by its interval, as a duration is.
"""

from __future__ import annotations

import pytest

from harness.model.criterion import Criterion
from harness.model.quantity import Quantity
from harness.model.trial import Trial
from harness.model.verdict import TrialVerdict, Verdict
from harness.science.judge import judge

LIMIT = Criterion("worker_back_within < 5 s", "worker_back_within", "<", 5.0)


def trial(*known: Quantity) -> Trial:
    quantities = {"worker_back_within": known[0]} if known else {}
    return Trial(index=0, verdict=TrialVerdict.RECOVERED, quantities=quantities)


@pytest.mark.parametrize(
    ("known", "verdict"),
    [
        (Quantity(0.0, 4.9, "s"), Verdict.HELD),
        (Quantity(5.1, 6.0, "s"), Verdict.DEVIATED),
        (Quantity(4.0, 6.0, "s"), Verdict.INCONCLUSIVE),
        (Quantity(4.0, None, "s"), Verdict.INCONCLUSIVE),
        (Quantity(5.0, None, "s"), Verdict.DEVIATED),
    ],
)
def test_it_holds_only_where_the_whole_interval_does(known: Quantity, verdict: Verdict) -> None:
    assert judge(LIMIT, [trial(known)]).verdict is verdict


def test_a_trial_that_does_not_know_it_is_not_passed_over() -> None:
    assert judge(LIMIT, [trial(Quantity(0.0, 1.0, "s")), trial()]).verdict is Verdict.INCONCLUSIVE
    assert judge(LIMIT, [trial()]).verdict is Verdict.INCONCLUSIVE


def test_the_worst_of_several_is_shown() -> None:
    judged = judge(LIMIT, [trial(Quantity(0.0, 1.0, "s")), trial(Quantity(1.0, 3.0, "s"))])
    assert (judged.verdict, judged.low, judged.high, judged.n) == (Verdict.HELD, 1.0, 3.0, 2)


def test_a_count_is_told_without_a_unit() -> None:
    assert str(Quantity(8.0, 10.0, "")) == "8.00 … 10.00"
    assert str(Quantity(0.0, 0.0, "")) == "0"
    assert str(Quantity(3.0, None, "")) == "> 3.00 (no upper bound)"
