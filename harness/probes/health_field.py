"""
A field of what the DUT says of itself is as it should be.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import UsageError
from ..model.drill import ProbeSpec
from ..protocols import HttpAnswer, HttpService, NoAnswer, Roles

Value = bool | int | float | str


class HealthField:
    """
    Asks for JSON and looks at one field of it: the DUT's own alert, its active uplink, its state of charge.

    Silence, no JSON, or no such field is no answer, and so unwell; as an alert it is none: nobody has said anything.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        `field` is a key, or keys with dots between them. Well is a value that is one of `equals`, and none of
        `not_equals`; a list, or a table's keys, with all of `has`, and none of `has_not`; a number from `min` to `max`.
        At least one of these must be given.
        """

        path: str = "/health"
        field: str
        equals: tuple[Value, ...] = ()
        not_equals: tuple[Value, ...] = ()
        has: tuple[Value, ...] = ()
        has_not: tuple[Value, ...] = ()
        min: float | None = None
        max: float | None = None

        def __post_init__(self) -> None:
            if not (self.equals or self.not_equals or self.has or self.has_not) and self.min is self.max is None:
                raise UsageError(
                    "missing; say what is well: equals, not_equals, has, has_not, min or max", key="equals"
                )

    measures: tuple[str, ...] = ()
    is_of_others = True

    def __init__(self, spec: ProbeSpec, roles: Roles) -> None:
        assert isinstance(spec.config, HealthField.Config)
        self._config = spec.config
        self._service = roles.get(spec.role, HttpService)

    async def ask(self) -> bool:
        """
        Asks once. Raises NoAnswer.
        """
        answer = await self._service.request("GET", self._config.path)
        value = _found(answer.body, self._config.field)
        if value is None:
            raise NoAnswer(f"no `{self._config.field}` in {answer.body[:120]!r}")
        return self._is_well(value)

    def accepts(self, sample: HttpAnswer | None) -> bool:
        """
        Whether an answer has the field as it should be.
        """
        value = None if sample is None else _found(sample.body, self._config.field)
        return value is not None and self._is_well(value)

    def measured(self) -> dict[str, float]:
        """
        Nothing but its answers.
        """
        return {}

    def _is_well(self, value: Any) -> bool:
        config = self._config
        held = value if isinstance(value, list) else list(value) if isinstance(value, Mapping) else [value]
        checks = [
            not config.equals or any(_same(value, wanted) for wanted in config.equals),
            not any(_same(value, unwanted) for unwanted in config.not_equals),
            all(any(_same(item, wanted) for item in held) for wanted in config.has),
            not any(_same(item, unwanted) for item in held for unwanted in config.has_not),
        ]
        if config.min is not None or config.max is not None:
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            low = float("-inf") if config.min is None else config.min
            high = float("inf") if config.max is None else config.max
            checks.append(is_number and low <= value <= high)
        return all(checks)


def _same(value: Any, wanted: Value) -> bool:
    """
    Equal, and not merely so as 1 is to true.
    """
    return isinstance(value, bool) is isinstance(wanted, bool) and value == wanted


def _found(body: bytes, field: str) -> Any:
    """
    The value of a field, None when there is none.
    """
    try:
        value = json.loads(body)
    except ValueError:
        return None
    for key in field.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value
