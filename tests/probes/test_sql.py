"""
The `sql` probe: the first value of an answer is as it should be.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from harness import clock
from harness.errors import UsageError
from harness.probes.sql import Sql
from harness.protocols import NoAnswer
from tests.probes.services import made

Rows = list[tuple[Any, ...]]


class Database:
    name = "db"

    def __init__(self, *answers: Rows) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, float]] = []

    async def open(self) -> None: ...

    async def aclose(self) -> None: ...

    async def query(self, statement: str, *, timeout_s: float) -> Rows:
        self.asked.append((statement, timeout_s))
        return self._answers.pop(0)


@pytest.mark.parametrize(
    ("rows", "config", "is_well"),
    [
        ([(1,)], {}, True),
        ([], {}, True),
        ([(True,)], {"equals": (True,)}, True),
        ([(1,)], {"equals": (True,)}, False),
        ([("streaming",)], {"equals": ("streaming", "catchup")}, True),
        ([(None,)], {"equals": ("streaming",)}, False),
        ([], {"equals": ("streaming",)}, False),
        ([(5,)], {"min": 5, "max": 5}, True),
        ([(Decimal("4.9"),)], {"min": 5}, False),
        ([(6.0,)], {"max": 5}, False),
        ([("6",)], {"max": 9}, False),
        ([(None,)], {"max": 9}, False),
    ],
)
def test_well_is_a_first_value_as_it_should_be(rows: Rows, config: dict[str, Any], is_well: bool) -> None:
    assert clock.run(made(Sql, Database(rows), **config).ask, virtual=True) is is_well
    assert made(Sql, Database(), **config).accepts(rows) is is_well
    assert not made(Sql, Database(), **config).accepts(None)


def test_the_database_is_given_less_time_than_the_question_has() -> None:
    database = Database([(1,)])
    clock.run(made(Sql, database, timeout_s=2.0, statement="SELECT 7").ask, virtual=True)
    assert database.asked == [("SELECT 7", pytest.approx(1.9))]


def test_criteria_may_name_what_is_measured() -> None:
    database = Database([(10,)], [(Decimal(300),)], [(0,)], [(None,)])

    async def main() -> dict[str, float]:
        probe = made(Sql, database, measure="replica_lag")
        for _ in range(3):
            await probe.ask()
        with pytest.raises(NoAnswer, match="no number"):
            await probe.ask()
        return dict(probe.measured())

    assert clock.run(main, virtual=True) == {"replica_lag": 0.0, "replica_lag_most": 300.0}
    assert Sql.Config(measure="replica_lag").measures == {"replica_lag": "", "replica_lag_most": ""}
    assert made(Sql, Database()).measured() == {}


def test_what_was_before_the_steady_state_is_not_measured() -> None:
    async def main() -> dict[str, float]:
        probe = made(Sql, Database([(900,)], [(2,)]), measure="lag")
        await probe.ask()
        probe.arm()
        await probe.ask()
        return dict(probe.measured())

    assert clock.run(main, virtual=True) == {"lag": 2.0, "lag_most": 2.0}


@pytest.mark.parametrize("config", [{"statement": " "}, {"measure": "replica lag"}])
def test_a_question_that_is_none_is_told(config: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        Sql.Config(**config)
