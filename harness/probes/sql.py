"""
A database answers as it should.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..errors import UsageError
from ..model.drill import ProbeSpec
from ..protocols import NoAnswer, Roles, SqlService

# Of a probe's time-out: the database has this part of it, so that it is asked no more when the next question comes.
_PATIENCE = 0.95

Value = bool | int | float | str


class Sql:
    """
    Has a database carry out one statement, and looks at the first value of its answer.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        Well is an answer whose first value is one of `equals`, if any are given, and a number from `min` to `max`, if
        one of those is given; without them any answer is. `measure` is the name under which criteria find the last
        number, and `NAME_most` the greatest.
        """

        statement: str = "SELECT 1"
        equals: tuple[Value, ...] = ()
        min: float | None = None
        max: float | None = None
        measure: str = ""

        def __post_init__(self) -> None:
            if not self.statement.strip():
                raise UsageError("is empty; leave it out for SELECT 1", key="statement")
            if self.measure and not self.measure.isidentifier():
                raise UsageError(f"'{self.measure}' is no name for criteria; write it like replica_lag", key="measure")

        @property
        def measures(self) -> Mapping[str, str]:
            """
            The names that criteria may use, with the endings of their units.
            """
            return {self.measure: "", f"{self.measure}_most": ""} if self.measure else {}

    measures: tuple[str, ...] = ()

    def __init__(self, spec: ProbeSpec, roles: Roles) -> None:
        assert isinstance(spec.config, Sql.Config)
        self._config = spec.config
        self._service = roles.get(spec.role, SqlService)
        self._timeout_s = _PATIENCE * spec.timeout_s
        self.arm()

    def arm(self) -> None:
        """
        The steady state is met: measuring begins.
        """
        self._last: float | None = None
        self._most: float | None = None

    async def ask(self) -> bool:
        """
        Asks once. Raises NoAnswer.
        """
        rows = await self._service.query(self._config.statement, timeout_s=self._timeout_s)
        number = _number(_first(rows))
        if number is not None:
            self._last, self._most = number, number if self._most is None else max(self._most, number)
        elif self._config.measure:
            raise NoAnswer(f"no number in {rows[:1]!r}")
        return self.accepts(rows)

    def accepts(self, sample: list[tuple[Any, ...]] | None) -> bool:
        """
        Whether rows begin with a value as it should be.
        """
        if sample is None:
            return False
        config, value = self._config, _first(sample)
        number = _number(value)
        if config.equals and not any(_same(value, wanted) for wanted in config.equals):
            return False
        if config.min is not None and (number is None or number < config.min):
            return False
        return config.max is None or (number is not None and number <= config.max)

    def measured(self) -> dict[str, float]:
        """
        The last number and the greatest, by the name that they were given.
        """
        if not self._config.measure or self._last is None or self._most is None:
            return {}
        return {self._config.measure: self._last, f"{self._config.measure}_most": self._most}


def _first(rows: list[tuple[Any, ...]]) -> Any:
    return rows[0][0] if rows and rows[0] else None


def _same(value: Any, wanted: Value) -> bool:
    """
    Equal, and not merely so as 1 is to true.
    """
    return isinstance(value, bool) is isinstance(wanted, bool) and value == wanted


def _number(value: Any) -> float | None:
    is_number = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
    return float(value) if is_number else None
