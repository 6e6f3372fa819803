"""
Two runs side by side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings

from harness.model.criterion import Judged
from harness.model.run import Run
from harness.model.verdict import Verdict
from harness.reports._compare import compare
from tests.model import strategies
from tests.reports import examples


def with_downtime(low: float, high: float | None) -> Run:
    judged = Judged(expr="downtime < 30 s", verdict=Verdict.HELD, value=low, low=low, high=high, n=1)
    return replace(examples.held, criteria=(judged,), trials=())


def with_errors(failed: int, n: int) -> Run:
    judged = Judged(expr="error_ratio < 1 %", verdict=Verdict.HELD, value=failed / n, low=0.0, high=1.0, n=n)
    return replace(examples.held, criteria=(judged,), trials=())


def relation(a: Run, b: Run) -> str:
    row = next(line for line in compare(a, b).splitlines() if line.startswith(("| `downtime", "| `error_ratio")))
    return row.split("|")[-2].strip()


def test_it_is_the_golden_comparison(is_golden: Callable[[str, str], bool]) -> None:
    assert is_golden(compare(examples.held, examples.deviated), "held-and-deviated.md")


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((4.0, 5.0), (2.0, 3.9), "shorter"),
        ((4.0, 5.0), (5.1, 6.0), "longer"),
        ((4.0, 5.0), (4.9, 6.0), "cannot tell"),
        ((4.0, 5.0), (5.0, 6.0), "cannot tell"),
        ((4.0, 5.0), (60.0, None), "longer"),
        ((4.0, None), (60.0, None), "cannot tell"),
        ((4.0, None), (1.0, 2.0), "shorter"),
        ((4.0, 4.0), (4.0, 4.0), "the same"),
    ],
)
def test_only_intervals_that_do_not_meet_differ(
    a: tuple[float, float | None], b: tuple[float, float | None], expected: str
) -> None:
    assert relation(with_downtime(*a), with_downtime(*b)) == expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [((1, 100), (2, 100), "cannot tell"), ((1, 1000), (100, 1000), "higher"), ((100, 1000), (1, 1000), "lower")],
)
def test_counts_are_compared_by_what_they_say_of_the_rate(
    a: tuple[int, int], b: tuple[int, int], expected: str
) -> None:
    assert relation(with_errors(*a), with_errors(*b)) == expected


def test_what_differs_besides_the_result_is_named() -> None:
    versions = {**examples.HEAD.versions, "crashbench": "0.2.0"}
    other = replace(examples.held, head=replace(examples.HEAD, drill="noop", rig="sim", versions=versions))

    text = compare(examples.held, other)
    assert all(f"| other {what} " in text for what in ("drill", "rig", "crashbench version"))
    assert "other seed" not in text


def test_a_run_and_itself_differ_in_nothing() -> None:
    text = compare(examples.deviated, examples.deviated)

    assert not any(word in text for word in ("shorter", "longer", "lower", "higher", "other "))


@given(strategies.runs, strategies.runs)
@settings(max_examples=30)
def test_any_two_runs_can_be_compared(a: Run, b: Run) -> None:
    compare(a, b).encode("utf-8")
