"""
Durations follow from a trial's instants.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from harness.model.instant import Instant, Span
from harness.model.trial import Instants, Trial
from harness.model.verdict import TrialVerdict
from tests.model.strategies import trials

CUT = Instants(
    fault_commanded=Instant(0, 10),
    fault_effective=Instant(30, 50),
    steady_lost=Instant(40, 140),
    detected=Instant(340, 440),
    removal_commanded=Instant(1000, 1010),
    removal_effective=Instant(1020, 1030),
    first_sign=Instant(1025, 1035),
    ready=Instant(4000, 4100),
)


def trial(instants: Instants, verdict: TrialVerdict = TrialVerdict.RECOVERED) -> Trial:
    return Trial(index=1, verdict=verdict, instants=instants, watched_until_ns=9000, gap_ns=100)


def test_a_recovered_trial_has_every_duration_it_can_have() -> None:
    durations = trial(CUT).durations()

    assert durations["time_to_detect"] == Span(330, 440)
    assert durations["time_to_detect_from_effect"] == Span(290, 410)
    assert durations["time_to_recover"] == Span(3560, 3760)
    assert durations["recovery_from_removal"] == Span(2970, 3080)
    assert durations["downtime"] == Span(3860, 4060)
    assert durations["actuation"] == Span(20, 50)
    assert durations["boot"] == Span(2965, 3075)
    assert durations["time_to_fail_over"] is None


def test_a_trial_that_never_came_back_is_censored_where_it_was_watched_and_absent_where_it_was_not() -> None:
    stuck = trial(replace(CUT, ready=None), TrialVerdict.STUCK)

    assert stuck.duration("downtime") == Span(9000 - 140, None)
    assert stuck.duration("recovery_from_removal") == Span(9000 - 1030, None)
    assert stuck.duration("time_to_fail_over") is None


def test_a_service_that_was_never_seen_to_fail_was_down_for_less_than_the_longest_gap() -> None:
    steady = trial(replace(CUT, steady_lost=None, detected=None))

    assert steady.duration("downtime") == Span(0, 100)
    assert steady.duration("time_to_detect") is None


@given(trials)
def test_only_a_duration_whose_start_was_seen_is_known(drawn: Trial) -> None:
    if drawn.instants.fault_commanded is None:
        assert drawn.duration("time_to_detect") is None
        assert drawn.duration("actuation") is None
