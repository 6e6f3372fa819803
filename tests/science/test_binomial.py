"""
Exact binomial bounds, beside scipy's.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness.science import binomial

TOLERANCE = 1e-9


@st.composite
def counts(draw: st.DrawFn) -> tuple[int, int]:
    n = draw(st.integers(1, 1000) | st.sampled_from([10_000, 1_000_000]))
    return draw(st.integers(0, n) | st.integers(0, min(n, 5))), n


confidences = st.floats(0.5, 0.999)


@given(counts(), confidences)
def test_one_sided_bounds_are_scipys(failures_n: tuple[int, int], confidence: float) -> None:
    failures, n = failures_n
    upper = stats.beta.ppf(confidence, failures + 1, n - failures) if failures < n else 1.0
    lower = stats.beta.ppf(1 - confidence, failures, n - failures + 1) if failures else 0.0

    assert binomial.upper_bound(failures, n, confidence) == pytest.approx(upper, abs=TOLERANCE)
    assert binomial.lower_bound(failures, n, confidence) == pytest.approx(lower, abs=TOLERANCE)


@given(counts(), confidences)
def test_two_sided_intervals_are_scipys(failures_n: tuple[int, int], confidence: float) -> None:
    failures, n = failures_n
    test = stats.binomtest(failures, n)

    exact = tuple(test.proportion_ci(confidence, method="exact"))
    assert binomial.interval(failures, n, confidence) == pytest.approx(exact, abs=TOLERANCE)
    wilson = tuple(test.proportion_ci(confidence, method="wilson"))
    assert binomial.wilson(failures, n, confidence) == pytest.approx(wilson, abs=TOLERANCE)


@given(st.floats(0.5, 1e6), st.floats(0.5, 1e6), st.floats(0, 1))
def test_the_beta_distribution_is_scipys(a: float, b: float, x: float) -> None:
    assert binomial.beta_cdf(a, b, x) == pytest.approx(stats.beta.cdf(x, a, b), abs=1e-8)


@given(counts(), confidences)
def test_an_interval_holds_the_observed_rate_and_one_more_failure_raises_it(
    failures_n: tuple[int, int], confidence: float
) -> None:
    failures, n = failures_n
    low, high = binomial.interval(failures, n, confidence)

    assert 0 <= low <= failures / n <= high <= 1
    if failures < n:
        assert binomial.upper_bound(failures + 1, n, confidence) > binomial.upper_bound(failures, n, confidence)


@pytest.mark.parametrize(
    ("n", "bound"), [(1, 0.95), (10, 0.259), (59, 0.0495), (100, 0.0295), (300, 0.0099), (3000, 0.001)]
)
def test_no_failure_in_n_leaves_room_for_the_textbook_rate(n: int, bound: float) -> None:
    assert binomial.upper_bound(0, n) == pytest.approx(bound, abs=5e-4)


def test_nothing_tried_bounds_nothing() -> None:
    assert binomial.interval(0, 0) == (0.0, 1.0)
    assert binomial.wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("failures", "n", "confidence"), [(-1, 5, 0.95), (6, 5, 0.95), (0, -1, 0.95), (1, 5, 0.0), (1, 5, 1.0)]
)
def test_counts_that_cannot_be_are_refused(failures: int, n: int, confidence: float) -> None:
    with pytest.raises(ValueError, match=r"cannot be|between 0 and 1"):
        binomial.upper_bound(failures, n, confidence)
