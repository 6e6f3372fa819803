"""
A database that takes its time.
"""

from __future__ import annotations

import pytest

from harness.errors import NotProven, UsageError
from harness.faults.database_slow import DatabaseSlow
from tests.faults.databases import Database, carry_out, fault_of
from tests.faults.links import TriedLink, in_a_loop


def test_slow_queries_show_it_and_quick_ones_that_it_is_gone() -> None:
    for seed in range(3):
        (strike, effective, removed, link), _ = carry_out(DatabaseSlow, 30.0, seed=seed)
        (slow_ns, asked), (cleared_ns, _) = link.strokes()
        assert asked == ("stall",)
        assert effective is not None, strike.why_not()
        assert effective.holds(slow_ns)
        assert removed.holds(cleared_ns)
        assert link.is_clear
        least, most = (float(word) for word in strike.delivered.split() if word.isdigit())  # type: ignore[attr-defined]
        assert 500 <= least <= most <= 5010


def test_the_same_seed_delays_the_same_queries_as_much() -> None:
    runs = [carry_out(DatabaseSlow, 20.0, seed=seed)[1].asked for seed in (4, 4, 5)]
    assert runs[0] == runs[1] != runs[2]


def test_slowness_that_nobody_sees_is_not_proven() -> None:
    (strike, effective, _, _), _ = carry_out(DatabaseSlow, 5.0, deaf=True)
    assert effective is None
    assert strike.why_not().startswith("'fibre' was commanded, but a query took 2.")


def test_a_link_that_stays_slow_is_not_removed() -> None:
    with pytest.raises(NotProven, match="the link was cleared, but a query took"):
        carry_out(DatabaseSlow, 30.0, model={"defect": "never_clears"}, most_s=1.0)


def test_a_database_that_is_slow_already_proves_nothing() -> None:
    with pytest.raises(NotProven, match="before anything was done: 500 ms more would not show"):
        carry_out(DatabaseSlow, 5.0, database={"hiccups": True})


def test_a_service_that_forgets_its_deadline_does_not_hold_up_the_bench() -> None:
    (strike, effective, removed, _), _ = carry_out(
        DatabaseSlow, 10.0, least_s=4.0, most_s=5.0, answer_s=0.1, database={"keeps_deadline": False}
    )
    assert effective is None, strike.why_not()
    assert removed.latest_ns > 0


@pytest.mark.parametrize("keys", [{"least_s": 0.0}, {"least_s": 2.0, "most_s": 1.0}, {"look_s": 0.0}])
def test_what_cannot_be_is_the_callers_mistake(keys: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        DatabaseSlow.Config(**keys)


def test_its_plan_says_how_slow() -> None:
    fault = in_a_loop(lambda: fault_of(DatabaseSlow, link := TriedLink(), Database(link), 30.0))
    assert fault.plan() == [(0.0, "fibre keeps each answer back for 500 … 5000 ms"), (30.0, "fibre as it was")]
    assert [(undo.device, undo.action) for undo in fault.undo] == [("fibre", "clear")]
