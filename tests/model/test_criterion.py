"""
A criterion is only decided where every value in the interval agrees.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.criterion import OPERATORS, Criterion
from harness.model.verdict import Verdict

small = st.integers(-20, 20).map(float)
operators = st.sampled_from(sorted(OPERATORS))


def judged(op: str, limit: float, low: float, high: float | None) -> Verdict:
    return Criterion(f"downtime {op} {limit}", "downtime", op, limit).verdict(low, high)


@given(operators, small, small, st.integers(0, 20), st.floats(0, 1))
def test_a_decided_criterion_agrees_with_every_value_inside(
    op: str, limit: float, low: float, width: int, share: float
) -> None:
    inside = low + share * width
    verdict = judged(op, limit, low, low + width)

    if verdict is Verdict.HELD:
        assert OPERATORS[op](inside, limit)
    if verdict is Verdict.DEVIATED:
        assert not OPERATORS[op](inside, limit)


@given(operators, small, small, st.integers(0, 20))
def test_doubt_means_that_two_values_inside_disagree(op: str, limit: float, low: float, width: int) -> None:
    verdict = judged(op, limit, low, low + width)
    values = [low, low + width, limit] if low <= limit <= low + width else [low, low + width]
    outcomes = {OPERATORS[op](value, limit) for value in values}

    assert (verdict is Verdict.INCONCLUSIVE) == (len(outcomes) == 2)


@pytest.mark.parametrize(
    ("op", "low", "expected"),
    [
        ("<", 10.0, Verdict.INCONCLUSIVE),
        ("<", 31.0, Verdict.DEVIATED),
        ("<=", 30.0, Verdict.INCONCLUSIVE),
        (">", 31.0, Verdict.HELD),
        (">=", 10.0, Verdict.INCONCLUSIVE),
        ("==", 31.0, Verdict.DEVIATED),
        ("==", 10.0, Verdict.INCONCLUSIVE),
    ],
)
def test_a_value_without_an_upper_bound_can_miss_a_limit_but_not_keep_one(
    op: str, low: float, expected: Verdict
) -> None:
    assert judged(op, 30.0, low, None) is expected
