"""
A database whose connections break.
"""

from __future__ import annotations

import pytest

from harness.errors import NotProven, UsageError
from harness.faults.database_drop import DatabaseDrop
from tests.faults.databases import Database, carry_out, fault_of
from tests.faults.links import TriedLink, in_a_loop


@pytest.mark.parametrize("ratio", [0.05, 0.2])
def test_the_queries_that_fail_show_it_with_a_bound(ratio: float) -> None:
    for seed in range(3):
        (strike, effective, removed, link), _ = carry_out(DatabaseDrop, 60.0, ratio_ratio=ratio, seed=seed)
        (dropping_ns, asked), (cleared_ns, _) = link.strokes()
        assert asked == ("reset",)
        assert effective is not None, strike.why_not()
        assert effective.holds(dropping_ns)
        assert removed.holds(cleared_ns)
        assert link.is_clear
        assert "queries failed, each over a connection of its own" in strike.delivered  # type: ignore[attr-defined]


def test_the_same_seed_drops_the_same_queries() -> None:
    runs = [carry_out(DatabaseDrop, 20.0, ratio_ratio=0.1, seed=seed)[1].failed for seed in (4, 4, 5)]
    assert runs[0] == runs[1] != runs[2]
    assert runs[0]


def test_resets_that_nobody_sees_are_not_proven() -> None:
    (strike, effective, _, _), _ = carry_out(DatabaseDrop, 5.0, deaf=True)
    assert effective is None
    assert strike.why_not().startswith("'fibre' was commanded, but 0 of ")


def test_a_link_that_goes_on_resetting_is_not_removed() -> None:
    with pytest.raises(NotProven, match=r"the link was cleared, but a query (failed \(connection reset\)|took)"):
        carry_out(DatabaseDrop, 30.0, ratio_ratio=0.5, model={"defect": "never_clears"})


def test_a_database_that_fails_before_anything_was_done_proves_nothing() -> None:
    with pytest.raises(NotProven, match=r"a query failed \(the server is not well\) before anything was done"):
        carry_out(DatabaseDrop, 5.0, database={"fails_at": 10})


@pytest.mark.parametrize("keys", [{"ratio_ratio": 0.0}, {"ratio_ratio": 1.0}, {"statement": " "}, {"answer_s": 0.0}])
def test_what_cannot_be_is_the_callers_mistake(keys: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        DatabaseDrop.Config(**keys)  # type: ignore[arg-type]


def test_a_link_that_cannot_reset_is_refused_with_its_reason() -> None:
    def make() -> object:
        link = TriedLink(cannot=("reset",))
        return fault_of(DatabaseDrop, link, Database(link), 1.0)

    with pytest.raises(UsageError, match="'fibre' cannot do 'reset': the rig file says so"):
        in_a_loop(make)


def test_its_plan_says_what_becomes_of_whom() -> None:
    fault = in_a_loop(lambda: fault_of(DatabaseDrop, link := TriedLink(), Database(link), 30.0))
    assert fault.plan() == [
        (0.0, "fibre resets 5 % of the connections, and 5 % of the queries on them"),
        (30.0, "fibre as it was"),
    ]
    assert [(undo.device, undo.action) for undo in fault.undo] == [("fibre", "clear")]
    assert fault.strikes == (("fibre", 30.0, 1),)
