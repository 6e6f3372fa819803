"""
The ladder of short interruptions, and the floor that it finds.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.audit.ladder import Floor, Rung, is_near, rungs
from harness.model.instant import Span

SECONDS = st.floats(1e-4, 1.0)


def pulse(*, ms: float, error_ms: float = 3.0) -> Span:
    """
    A pulse of about so many milliseconds.
    """
    return Span(round((ms - error_ms) * 1e6), round((ms + error_ms) * 1e6))


@given(SECONDS, SECONDS, st.one_of(st.just(0.0), SECONDS))
def test_a_ladder_goes_down_and_never_below_what_may_or_can_be_seen(
    min_pulse_s: float, resolution_s: float, min_off_s: float
) -> None:
    found = rungs(min_pulse_s, resolution_s, min_off_s)
    assert found == sorted(found, reverse=True)
    assert found[-1] >= max(resolution_s, min_off_s) * (1 - 1e-6)
    assert len(found) < 40
    if min_pulse_s >= max(resolution_s, min_off_s):
        assert any(rung == pytest.approx(min_pulse_s) for rung in found)


@pytest.mark.parametrize(("ms", "near"), [(6, False), (8, True), (20, True), (33, True), (36, False)])
def test_a_pulse_is_near_unless_it_surely_is_not(ms: float, near: bool) -> None:
    assert is_near(0.020, pulse(ms=ms)) is near


def test_a_pulse_without_an_end_is_near_nothing() -> None:
    assert not is_near(0.020, Span(0, None))


def test_the_floor_is_the_shortest_rung_above_which_all_are_honest() -> None:
    ladder = [Rung(s, (pulse(ms=s * 1000),) * 2) for s in (0.08, 0.04, 0.02)]
    assert Floor.of(ladder) == Floor(0.02, None, "")
    lost = Rung(0.01, (None, pulse(ms=10)))
    found = Floor.of([lost, *ladder])
    assert (found.honest_s, found.fails_s) == (0.02, 0.01)
    assert found.why == "1 of 2 not seen, delivered 10.0 ms ± 3 ms"
    assert Floor.of([Rung(0.005, (pulse(ms=5),)), lost, *ladder]).honest_s == 0.02


def test_a_switch_that_fails_at_once_has_no_floor() -> None:
    assert Floor.of([Rung(0.04, (None,))]).honest_s is None


def test_a_rung_that_could_not_be_judged_ends_the_ladder_without_a_blame() -> None:
    found = Floor.of([Rung(0.04, (pulse(ms=40),)), Rung(0.02, (), is_judged=False)])
    assert (found.honest_s, found.fails_s, found.busy_s) == (0.04, None, 0.02)
