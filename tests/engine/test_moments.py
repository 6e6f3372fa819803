"""
A trial's instants as they come in: each is told at once, and those of several faults are put together.
"""

from __future__ import annotations

from harness import clock
from harness.engine.moments import Moments
from harness.model.event import Event, Kind
from harness.model.instant import Instant

EARLY, LATE = Instant(10, 20), Instant(15, 40)


def test_an_instant_is_kept_and_told() -> None:
    told: list[Event] = []
    moments = Moments(3, 1, told.append)
    moments.mark(Kind.FIRST_SIGN, EARLY, "power_cut power")
    assert moments.instants.first_sign == EARLY
    assert told == [Event(kind=Kind.FIRST_SIGN, at=EARLY, trial=3, subject="power_cut power")]


def test_several_faults_are_commanded_with_the_first_and_over_with_the_last() -> None:
    moments = Moments(0, 2, lambda event: None)
    for kind in (Kind.FAULT_COMMANDED, Kind.FAULT_EFFECTIVE, Kind.REMOVAL_COMMANDED, Kind.REMOVAL_EFFECTIVE):
        moments.mark(kind, LATE)
        moments.mark(kind, EARLY)
    assert moments.instants.fault_commanded == Instant(10, 20)
    assert moments.instants.fault_effective == Instant(15, 40)
    assert moments.instants.removal_commanded == Instant(15, 40)
    assert moments.instants.removal_effective == Instant(15, 40)


def test_what_only_some_faults_have_come_to_the_trial_has_not() -> None:
    told: list[Event] = []
    moments = Moments(0, 2, told.append)
    moments.mark(Kind.FAULT_COMMANDED, EARLY)
    moments.mark(Kind.FAULT_EFFECTIVE, LATE)
    assert moments.instants.fault_commanded == EARLY
    assert moments.instants.fault_effective is None
    assert [event.at for event in told] == [EARLY, LATE]


def test_what_is_told_happens_now() -> None:
    told: list[Event] = []

    async def main() -> None:
        await clock.sleep_until(5)
        Moments(1, 1, told.append).phase("recover", 9.0)

    clock.run(main, virtual=True)
    here = Instant.exactly(5)
    assert told == [Event(kind=Kind.PHASE, at=here, trial=1, subject="recover", data={"for_s": 9.0})]
