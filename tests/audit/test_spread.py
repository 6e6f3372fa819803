"""
The mean of several durations holds the mean of the true ones.
"""

from __future__ import annotations

import statistics

from hypothesis import given
from hypothesis import strategies as st

from harness.audit.spread import Spread, milliseconds
from harness.model.instant import Span

ERRORS = st.tuples(st.integers(0, 10**9), st.integers(0, 10**7), st.integers(0, 10**7))


@given(st.lists(ERRORS, min_size=1, max_size=20))
def test_the_truth_lies_in_mean_and_range(cases: list[tuple[int, int, int]]) -> None:
    spread = Spread.of([Span(true - before, true + after) for true, before, after in cases])
    assert spread is not None
    truths = [true for true, _, _ in cases]
    assert spread.n == len(cases)
    assert spread.mean.low_ns <= statistics.mean(truths) <= (spread.mean.high_ns or 0)
    assert all(spread.whole.holds(true) for true in truths)


def test_of_nothing_there_is_no_spread() -> None:
    assert Spread.of([]) is None
    assert Spread.of([Span(1, None)]) is None


def test_it_is_told_with_its_error() -> None:
    spread = Spread.of([Span(6_000_000, 8_000_000), Span(8_000_000, 10_000_000)])
    assert str(spread) == "8.0 ms ± 1 ms (n = 2, s = 1.4 ms, each within 6.0 to 10.0 ms)"


def test_what_is_written_into_a_file_is_never_less() -> None:
    assert milliseconds(0.014142) == "15 ms"
    assert milliseconds(0.02) == "20 ms"
