"""
A drill file's ladder: rows that override keys of one of its faults, with ranges and lists written out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from ..errors import UsageError
from ..model.deviation import Deviation
from ..model.drill import FaultSpec, Ladder, Row
from .build import Table, build
from .units import steps

# The keys of a row that are not its fault's.
_OF_THE_ROW = ("repeats", "instead_of", "because")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ladder:
    shaped_after: str
    source: str
    fault: int = 0

    def __post_init__(self) -> None:
        if self.fault < 0:
            raise UsageError("must be a fault's place in the file, from 0 up", key="fault")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Differs:
    asked: str
    delivered: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Range:
    """
    `from` is a word of Python: the table's key is renamed before it is built.
    """

    first: str | int
    to: str | int
    step: str | int


def ladder(table: Table, faults: list[Table], make: Callable[[Table], FaultSpec]) -> Ladder:
    """
    The ladder over a file's fault tables, each row's made by `make`. Raises UsageError, placed at its key.
    """
    own = {key: value for key, value in table.items() if key not in ("row", "differs")}
    head = build(_Ladder, own)
    if head.fault >= len(faults):
        raise UsageError(f"there is no fault {head.fault}; count from 0", key="fault")
    rows: list[Row] = []
    for index, given in enumerate(_tables(table, "row")):
        try:
            for keys in _written_out(given):
                rows.append(_row(len(rows) + 1, keys, head.fault, faults, make))
        except UsageError as error:
            raise error.within(key=f"row.{index}") from error
    if not rows:
        raise UsageError("missing; a ladder needs at least one [[ladder.row]]", key="row")
    differs = tuple(_differs(index, given) for index, given in enumerate(_tables(table, "differs")))
    return Ladder(shaped_after=head.shaped_after, source=head.source, rows=tuple(rows), differs=differs)


def _tables(table: Table, key: str) -> list[Any]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise UsageError(f"must be a list of tables; write [[ladder.{key}]]", key=key)
    return value


def _differs(index: int, given: Table) -> Deviation:
    try:
        told = build(_Differs, given)
    except UsageError as error:
        raise error.within(key=f"differs.{index}") from error
    return Deviation(row="all", asked=told.asked, delivered=told.delivered, why=told.why)


def _written_out(given: Table) -> Iterator[Table]:
    """
    A row for each combination of what its ranges and lists hold; the key that is written first changes last.
    """
    choices = [[(key, value) for value in _values(key, many)] for key, many in given.items()]
    return (dict(keys) for keys in product(*choices))


def _values(key: str, value: Any) -> list[Any]:
    if isinstance(value, list):
        if not value:
            raise UsageError("must not be empty", key=key)
        return value
    if not isinstance(value, dict):
        return [value]
    try:
        given = build(_Range, {"first" if name == "from" else name: end for name, end in value.items()})
        return list(steps(given.first, given.to, given.step))
    except UsageError as error:
        raise UsageError(f"{error.problem}; a range is {{ from, to, step }}", key=key) from error


def _row(number: int, keys: Table, fault: int, faults: list[Table], make: Callable[[Table], FaultSpec]) -> Row:
    repeats = keys.get("repeats", 1)
    if not isinstance(repeats, int) or isinstance(repeats, bool) or repeats < 1:
        raise UsageError("must be a whole number from 1 up", key="repeats")
    instead_of, because = _instead(keys)
    own = {key: value for key, value in keys.items() if key not in _OF_THE_ROW}
    tables = [{**table, **own} if index == fault else table for index, table in enumerate(faults)]
    asked = ", ".join(_said(key, value) for key, value in own.items())
    made = tuple(make(table) for table in tables)
    return Row(number=number, asked=asked, faults=made, repeats=repeats, instead_of=instead_of, because=because)


def _instead(keys: Table) -> tuple[str, str]:
    """
    What a row is done instead of, and why: both or neither.
    """
    given = {key: keys.get(key, "") for key in ("instead_of", "because")}
    for key, value in given.items():
        if not isinstance(value, str):
            raise UsageError("must be a sentence", key=key)
        if not value and any(given.values()):
            raise UsageError("missing; `instead_of` and `because` go together", key=key)
    return given["instead_of"], given["because"]


def _said(key: str, value: Any) -> str:
    if key == "kind":
        return str(value)
    return f"{key} {value if isinstance(value, str) else json.dumps(value)}"
