"""
Interval arithmetic: whatever the truth is, it stays inside.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.instant import Instant, Span
from tests.model.strategies import instants, spans, times_ns, widths_ns


@st.composite
def known(draw: st.DrawFn) -> tuple[int, Instant]:
    """
    A true moment, and what a bench might know of it.
    """
    truth = draw(times_ns)
    return truth, Instant(truth - draw(widths_ns), truth + draw(widths_ns))


@given(known(), known())
def test_a_span_between_two_instants_holds_the_true_duration(
    start: tuple[int, Instant], end: tuple[int, Instant]
) -> None:
    span = Span.between(start[1], end[1])

    assert span.holds(end[0] - start[0])
    assert span.high_ns is not None
    assert span.high_ns - span.low_ns == start[1].width_ns + end[1].width_ns


@given(st.lists(known(), min_size=1))
def test_the_first_and_the_last_of_several_events_hold_the_true_first_and_last(
    events: list[tuple[int, Instant]],
) -> None:
    truths, seen = [truth for truth, _ in events], [instant for _, instant in events]

    assert Instant.first(*seen).holds(min(truths))
    assert Instant.last(*seen).holds(max(truths))


@given(instants, instants)
def test_a_hull_holds_both_and_no_more_than_it_must(a: Instant, b: Instant) -> None:
    hull = a.hull(b)

    assert all(hull.holds(end) for i in (a, b) for end in (i.earliest_ns, i.latest_ns))
    assert hull.earliest_ns in (a.earliest_ns, b.earliest_ns)
    assert hull.latest_ns in (a.latest_ns, b.latest_ns)


@given(known(), known())
def test_surely_before_is_never_wrong(a: tuple[int, Instant], b: tuple[int, Instant]) -> None:
    if a[1].surely_before(b[1]):
        assert a[0] < b[0]
        assert not b[1].surely_before(a[1])


@given(known(), known())
def test_only_an_effect_that_truly_came_first_is_acausal(
    cause: tuple[int, Instant], effect: tuple[int, Instant]
) -> None:
    span = Span.between(cause[1], effect[1])

    assert span.is_acausal == effect[1].surely_before(cause[1])


@given(known(), times_ns)
def test_a_censored_span_is_shorter_than_what_it_stands_for(start: tuple[int, Instant], watched_ns: int) -> None:
    until_ns = start[0] + watched_ns
    span = Span.longer_than(start[1], until_ns)

    assert span.is_censored
    assert span.holds(until_ns - start[0])
    assert not span.is_acausal


@given(spans)
def test_the_middle_lies_inside(span: Span) -> None:
    high_s = float("inf") if span.high_s is None else span.high_s

    assert span.low_s <= span.mid_s <= high_s


def test_an_instant_with_its_ends_reversed_is_refused() -> None:
    with pytest.raises(ValueError, match="wrong order"):
        Instant(2, 1)


@pytest.mark.parametrize(
    ("low_ns", "high_ns", "shown"),
    [
        (4_206_000_000, 4_218_000_000, "4.212 s ± 6 ms"),
        (60_000_000_000, None, "> 60.000 s (its end was not seen)"),
        (30_000_000, 31_000_000, "30.5 ms ± 500 µs"),
        (-1_000_000, 3_000_000, "1.0 ms ± 2 ms"),
        (8_000, 8_000, "0.008000 ms ± 0 ns"),
        (-60, -40, "-0.00005 ms ± 10 ns"),
        (3_227_102_000, 3_227_106_500, "3.227104 s ± 2.5 µs"),
        (4_999_600, 4_999_600, "4.999600 ms ± 0 ns"),
        (69_855_999_999, None, "> 69.855 s (its end was not seen)"),
        (1_000_000_000, 5_000_000_000, "3.000 s ± 2 s"),
        (0, 5_000_000_000, "2.500 s ± 2.5 s"),
    ],
)
def test_a_span_is_written_with_its_error(low_ns: int, high_ns: int | None, shown: str) -> None:
    assert str(Span(low_ns, high_ns)) == shown


UNITS_NS = {"s": 10**9, "ms": 10**6, "µs": 10**3, "ns": 1}


@given(spans)
def test_what_is_printed_holds_the_whole_span_and_little_more(span: Span) -> None:
    if span.high_ns is None:
        assert Decimal(str(span).split()[1]) * 10**9 <= span.low_ns
        return
    value, unit, _, error, error_unit = str(span).split()
    middle_ns, error_ns = Decimal(value) * UNITS_NS[unit], Decimal(error) * UNITS_NS[error_unit]

    assert middle_ns - error_ns <= span.low_ns
    assert span.high_ns <= middle_ns + error_ns
    assert error_ns <= (span.high_ns - span.low_ns) + 1
