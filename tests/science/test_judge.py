"""
From trials to verdicts: held or deviated only where every value that it can have been agrees.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.config.drill import load_drill
from harness.model.criterion import Criterion, Judged
from harness.model.instant import Instant, Span
from harness.model.quantity import Quantity
from harness.model.trial import Instants, Trial
from harness.model.verdict import TrialVerdict, Verdict
from harness.science.binomial import lower_bound, upper_bound
from harness.science.judge import drill_verdict, judge

S = 10**9
HELD, DEVIATED, INCONCLUSIVE = Verdict.HELD, Verdict.DEVIATED, Verdict.INCONCLUSIVE


@cache
def criterion(expr: str, confidence: float | None = None) -> Criterion:
    """
    A criterion as a drill file has it.
    """
    sure = "" if confidence is None else f", confidence={confidence}"
    return load_drill("power-outage", (f'criteria=[{{expr="{expr}"{sure}}}]',)).criteria[0]


def recovered(low_s: float, high_s: float, **values: Any) -> Trial:
    """
    A trial that lost its steady state at 0 s and got it back between two moments; the fault was gone at 0 s, too.
    """
    at = Instant.exactly(0)
    ready = Instant(round(low_s * S), round(high_s * S))
    instants = Instants(
        fault_commanded=at, fault_effective=at, steady_lost=at, detected=at, removal_effective=at, ready=ready
    )
    return Trial(**{"index": 0, "verdict": TrialVerdict.RECOVERED, "instants": instants, **values})


def stuck(watched_s: float, **values: Any) -> Trial:
    """
    A trial that was never seen to come back.
    """
    at = Instant.exactly(0)
    instants = Instants(fault_commanded=at, fault_effective=at, steady_lost=at, detected=at, removal_effective=at)
    end_ns = round(watched_s * S)
    told = {"index": 1, "verdict": TrialVerdict.STUCK, "reason": "not back", "instants": instants}
    return Trial(**{**told, "watched_until_ns": end_ns, **values})


def doubtful(**values: Any) -> Trial:
    """
    A trial that the bench cannot vouch for.
    """
    return Trial(**{"index": 2, "verdict": TrialVerdict.INCONCLUSIVE, "reason": "no meter", **values})


# --- one criterion ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trials", "verdict"),
    [
        ([recovered(9, 9.9)], HELD),
        ([recovered(10.1, 11)], DEVIATED),
        ([recovered(9.9, 10.1)], INCONCLUSIVE),
        ([recovered(9, 9.9), recovered(9.9, 10.1)], INCONCLUSIVE),
        ([recovered(9, 9.9), recovered(9.9, 10.1), recovered(11, 12)], DEVIATED),
        ([stuck(20)], DEVIATED),
        ([stuck(9)], INCONCLUSIVE),
        ([recovered(9, 9.9), stuck(9)], INCONCLUSIVE),
        ([doubtful()], INCONCLUSIVE),
        ([doubtful(), recovered(9, 9.9)], HELD),
        ([], INCONCLUSIVE),
    ],
)
def test_a_duration_is_judged_in_every_trial_that_counts(trials: list[Trial], verdict: Verdict) -> None:
    assert judge(criterion("recovery_from_removal < 10 s"), trials).verdict is verdict


@given(st.floats(0, 100), st.floats(0, 10), st.sampled_from(["<", "<=", ">", ">="]))
def test_held_and_deviated_are_true_of_every_value_in_the_interval(low_s: float, width_s: float, op: str) -> None:
    judged = judge(criterion(f"downtime {op} 50 s"), [recovered(low_s, low_s + width_s)])
    assert judged.low is not None
    assert judged.high is not None
    met = [judge(criterion(f"downtime {op} 50 s"), [recovered(at, at)]).verdict for at in (judged.low, judged.high)]
    assert judged.verdict is (met[0] if met[0] is met[1] else INCONCLUSIVE)


def test_the_trial_that_did_worst_is_shown() -> None:
    shown = judge(criterion("downtime < 10 s"), [recovered(1, 2), recovered(7, 8), recovered(3, 4)])
    assert (shown.value, shown.low, shown.high, shown.n) == (7.5, 7.0, 8.0, 3)
    shown = judge(criterion("downtime > 1 s"), [recovered(5, 6), recovered(2, 3)])
    assert shown.value == 2.5
    shown = judge(criterion("downtime < 10 s"), [recovered(1, 2), stuck(60)])
    assert (shown.value, shown.low, shown.high) == (60.0, 60.0, None)


def test_a_duration_that_one_trial_lacks_is_not_held() -> None:
    blind = recovered(1, 2, instants=Instants(ready=Instant(0, 1)))
    judged = judge(criterion("recovery_from_removal < 10 s"), [recovered(1, 2), blind])
    assert (judged.verdict, judged.n) == (INCONCLUSIVE, 1)


@pytest.mark.parametrize(
    ("trials", "verdict", "bounds"),
    [
        ([recovered(1, 2), recovered(3, 5)], HELD, (2.0, 3.5)),
        ([recovered(9, 10), recovered(11, 14)], INCONCLUSIVE, (10.0, 12.0)),
        ([recovered(20, 21)], DEVIATED, (20.0, 21.0)),
        ([recovered(1, 2), stuck(5)], INCONCLUSIVE, (3.0, None)),
        ([recovered(1, 2), stuck(50)], DEVIATED, (25.5, None)),
    ],
)
def test_a_mean_is_over_all_trials_and_one_without_an_end_leaves_it_open(
    trials: list[Trial], verdict: Verdict, bounds: tuple[float, float | None]
) -> None:
    judged = judge(criterion("mttr < 11 s"), trials)
    assert (judged.verdict, (judged.low, judged.high)) == (verdict, bounds)


def test_a_mean_that_a_trial_has_no_part_in_is_not_judged() -> None:
    undetected = recovered(1, 2, instants=Instants(fault_commanded=Instant(0, 1), ready=Instant(5, 6)))
    judged = judge(criterion("mttr < 10 s"), [recovered(1, 2), undetected])
    assert (judged.verdict, judged.value, judged.n) == (INCONCLUSIVE, None, 1)


def test_a_ratio_is_judged_on_its_counts_and_printed_with_its_bound() -> None:
    judged = judge(criterion("error_ratio < 1 %"), [recovered(1, 2, requests=60), recovered(1, 2, requests=40)])
    assert judged.verdict is HELD
    assert (judged.value, judged.n) == (0.0, 100)
    assert judged.high == pytest.approx(upper_bound(0, 100))
    one = judge(criterion("error_ratio < 1 %"), [recovered(1, 2, requests=100, failed_requests=1)])
    assert one.verdict is DEVIATED


@pytest.mark.parametrize(("n", "verdict"), [(100, INCONCLUSIVE), (400, HELD)])
def test_a_ratio_with_a_confidence_is_judged_on_its_bound(n: int, verdict: Verdict) -> None:
    judged = judge(criterion("error_ratio < 1 %", 0.95), [recovered(1, 2, requests=n)])
    assert judged.verdict is verdict


def test_a_confidence_of_its_own_gives_a_bound_of_its_own() -> None:
    trials = [recovered(1, 2, requests=50, failed_requests=25)]
    judged = judge(criterion("error_ratio < 1 %", 0.8), trials)
    assert judged.verdict is DEVIATED
    assert (judged.low, judged.high) == (lower_bound(25, 50, 0.8), upper_bound(25, 50, 0.8))


def test_a_ratio_of_nothing_is_not_judged() -> None:
    assert judge(criterion("error_ratio < 1 %"), [recovered(1, 2)]).verdict is INCONCLUSIVE


@pytest.mark.parametrize(
    ("values", "verdict", "shown"),
    [([0, 0], HELD, 0), ([0, 2], DEVIATED, 2), ([0, None], INCONCLUSIVE, None), ([], INCONCLUSIVE, None)],
)
def test_what_a_probe_measures_is_judged_in_every_trial(
    values: list[float | None], verdict: Verdict, shown: float | None
) -> None:
    trials = [recovered(1, 2, readings={} if value is None else {"lost_writes": value}) for value in values]
    judged = judge(criterion("lost_writes == 0"), trials)
    assert (judged.verdict, judged.value) == (verdict, shown)


# --- the drill --------------------------------------------------------------------------------------------------------


def test_nothing_tried_is_not_green() -> None:
    assert drill_verdict([], []) == (INCONCLUSIVE, "nothing was tried")


def test_trials_that_recovered_hold_without_any_criterion() -> None:
    assert drill_verdict([recovered(1, 2)] * 2, []) == (HELD, "2 of 2 trials recovered, every criterion met")


def test_a_deviation_decides_and_else_a_doubt() -> None:
    met, missed = Judged(expr="a < 1", verdict=HELD, value=0), Judged(expr="b < 1", verdict=DEVIATED, value=2.5)
    doubt = Judged(expr="c < 1 s", verdict=INCONCLUSIVE, value=1, low=0.9, high=1.1)
    unseen = Judged(expr="d < 1", verdict=INCONCLUSIVE)
    trials = [recovered(1, 2)]
    assert drill_verdict(trials, [met]) == (HELD, "1 of 1 trials recovered, every criterion met")
    assert drill_verdict(trials, [met, doubt, missed]) == (DEVIATED, "b < 1: measured 2.5")
    assert drill_verdict(trials, [met, doubt]) == (INCONCLUSIVE, "c < 1 s: the interval 0.9 … 1.1 straddles the target")
    assert drill_verdict(trials, [unseen]) == (INCONCLUSIVE, "d < 1: nothing to judge it by")
    assert drill_verdict([*trials, doubtful()], [met]) == (INCONCLUSIVE, "trial 2: no meter")


def test_a_stuck_trial_deviates_only_when_it_was_watched_past_its_target() -> None:
    for limit, verdict in ((10, DEVIATED), (60, INCONCLUSIVE)):
        judged = judge(criterion(f"downtime < {limit} s"), [stuck(30)])
        assert drill_verdict([stuck(30)], [judged])[0] is verdict
    assert drill_verdict([stuck(30)], []) == (DEVIATED, "trial 1: not back")


def test_a_loss_that_the_drill_does_not_expect_deviates() -> None:
    told = "trial 0: the steady state was lost, though the drill expects it to hold"
    assert drill_verdict([recovered(1, 2, expects_loss=False)], []) == (DEVIATED, told)


def test_an_interval_without_an_upper_bound_says_so() -> None:
    judged = judge(criterion("downtime < 60 s"), [stuck(30)])
    met = Judged(expr="downtime < 60 s", verdict=judged.verdict, value=judged.value, low=judged.low, high=None)
    assert "the interval 30 … no upper bound straddles the target" in drill_verdict([recovered(1, 2)], [met])[1]


def test_a_span_is_what_was_judged() -> None:
    assert recovered(1, 2).duration("downtime") == Span(S, 2 * S)


# --- what a trace tells -----------------------------------------------------------------------------------------------


def peaked(low_a: float, high_a: float | None) -> Trial:
    """
    A trial with an inrush of between so many amperes.
    """
    return recovered(1, 2, quantities={"inrush_peak": Quantity(low_a, high_a, "A")})


@pytest.mark.parametrize(
    ("trials", "verdict"),
    [
        ([peaked(1.0, 2.9)], HELD),
        ([peaked(1.0, 2.9), peaked(3.0, 3.1)], DEVIATED),
        ([peaked(2.9, 3.1)], INCONCLUSIVE),
        # Without an upper bound it may be anything; above the target already, it is too much whatever it is.
        ([peaked(1.0, None)], INCONCLUSIVE),
        ([peaked(3.0, None)], DEVIATED),
        # One trial whose rail nothing sampled cannot be vouched for.
        ([peaked(1.0, 2.9), recovered(1, 2)], INCONCLUSIVE),
        ([recovered(1, 2)], INCONCLUSIVE),
        ([doubtful(quantities={"inrush_peak": Quantity(9.0, 9.1, "A")})], INCONCLUSIVE),
    ],
)
def test_a_quantity_is_judged_in_every_trial_on_its_whole_interval(trials: list[Trial], verdict: Verdict) -> None:
    assert judge(criterion("inrush_peak < 3 A"), trials).verdict is verdict


def test_the_quantity_that_is_shown_did_worst() -> None:
    judged = judge(criterion("inrush_peak < 3 A"), [peaked(1.0, 2.0), peaked(2.0, 2.5), peaked(0.5, 1.0)])
    assert (judged.value, judged.low, judged.high, judged.n) == (2.25, 2.0, 2.5, 3)
