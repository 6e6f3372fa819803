"""
Kaplan-Meier, beside scipy's.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness.science import survival
from harness.science.survival import Time

# Whole tenths, so that ties are common.
times = st.lists(st.tuples(st.integers(1, 60).map(lambda tenths: tenths / 10), st.booleans()), min_size=1, max_size=40)


def scipys(recoveries: list[Time]) -> stats._survival.EmpiricalDistributionFunction:
    observed = [at_s for at_s, seen in recoveries if seen]
    censored = [at_s for at_s, seen in recoveries if not seen]
    return stats.ecdf(stats.CensoredData(uncensored=observed, right=censored)).sf


@given(times)
def test_the_curve_is_scipys(recoveries: list[Time]) -> None:
    theirs = scipys(recoveries)

    for step in survival.curve(recoveries):
        assert step.left == pytest.approx(float(theirs.evaluate(step.at_s)), abs=1e-9)


@given(times)
def test_the_median_is_where_scipys_curve_reaches_one_half(recoveries: list[Time]) -> None:
    theirs = scipys(recoveries)
    reached = theirs.quantiles[theirs.probabilities <= 0.5 + 1e-9]

    assert survival.median_s(recoveries) == (float(reached[0]) if len(reached) else None)


@given(times, st.floats(0, 1))
def test_the_restricted_mean_is_the_area_under_scipys_curve(recoveries: list[Time], share: float) -> None:
    limit_s = share * max(at_s for at_s, _ in recoveries)
    theirs = scipys(recoveries)
    edges = np.unique([0.0, *(q for q in theirs.quantiles if q < limit_s), limit_s])
    area = float(np.sum(np.diff(edges) * theirs.evaluate(edges[:-1])))

    assert survival.restricted_mean_s(recoveries, limit_s) == pytest.approx(area, abs=1e-9)


@given(st.lists(st.floats(0, 100), min_size=1))
def test_without_censoring_the_restricted_mean_is_the_mean(recoveries_s: list[float]) -> None:
    recoveries = [(at_s, True) for at_s in recoveries_s]

    assert survival.restricted_mean_s(recoveries, 100.0) == pytest.approx(np.mean(recoveries_s), abs=1e-9)


def test_a_median_that_was_not_reached_is_none() -> None:
    assert survival.median_s([(1.0, True), (30.0, False), (30.0, False)]) is None


def test_the_median_of_two_is_the_first() -> None:
    assert survival.median_s([(2.0, True), (1.0, True)]) == 1.0


def test_one_that_never_came_back_is_never_averaged_away() -> None:
    with_it = survival.restricted_mean_s([(14.0, True), (14.0, True), (30.0, False)], 30.0)

    assert with_it == pytest.approx((14 + 14 + 30) / 3)


def test_a_mean_past_the_last_look_is_refused() -> None:
    with pytest.raises(ValueError, match=r"nobody watched until 60\.0 s"):
        survival.restricted_mean_s([(14.0, True), (30.0, False)], 60.0)
    with pytest.raises(ValueError, match="no mean of no times"):
        survival.restricted_mean_s([], 60.0)
