"""
A table of TOML to a frozen dataclass.

A key is its field's name without the unit: field `hold_s` is written `hold = "2 s"`. A key that no field takes, a
field that no key fills and a value of the wrong kind are UsageErrors, placed at their key.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any, TypeVar

import pydantic

from ..errors import UsageError, nearest
from .units import quantity, suffix_of

T = TypeVar("T")
Table = Mapping[str, Any]


def build(cls: type[T], table: object) -> T:
    """
    An instance of the frozen dataclass `cls` from a TOML table. Raises UsageError.
    """
    if not isinstance(table, Mapping):
        raise UsageError(f"must be a table, not {_kind_of(table)}")
    hints = _hints(typing.cast(Any, cls))
    keys = {key_of(name): name for name in hints}
    assert len(keys) == len(hints), f"{cls.__name__}: two fields share a key"
    for key in table:
        if key not in keys:
            raise UsageError(f"unknown key; {nearest(key, keys)}", key=key)
    values = {}
    for key, name in keys.items():
        if key in table:
            try:
                values[name] = _value(hints[name], suffix_of(name), table[key])
            except UsageError as error:
                raise error.within(key=key) from error
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        if field.name not in values and _is_required(field):
            raise UsageError(f"missing; add `{key_of(field.name)} = …`", key=key_of(field.name))
    try:
        return cls(**values)
    except ValueError as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(str(error)) from error


def key_of(name: str) -> str:
    """
    The key that fills a field.

    >>> key_of("hold_s")
    'hold'
    """
    return name.removesuffix(suffix_of(name))


def optional(hint: Any) -> tuple[Any, bool]:
    """
    A type without its None, and whether it had one.
    """
    args = typing.get_args(hint)
    if _is_union(hint) and type(None) in args:
        rest = [arg for arg in args if arg is not type(None)]
        return (rest[0] if len(rest) == 1 else typing.Union[tuple(rest)]), True  # noqa: UP007
    return hint, False


def _is_union(hint: Any) -> bool:
    return typing.get_origin(hint) in (typing.Union, types.UnionType)


def _value(hint: Any, suffix: str, value: object) -> Any:
    hint, _ = optional(hint)
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if suffix and hint is float:
        return quantity(value, suffix)
    if dataclasses.is_dataclass(hint):
        return build(typing.cast(type, hint), value)
    if origin is tuple and dataclasses.is_dataclass(args[0]):
        return tuple(_each(args[0], "", value))
    if origin is tuple and suffix and args[0] is float:
        return tuple(_each(args[0], suffix, value))
    if isinstance(origin, type) and issubclass(origin, Mapping) and dataclasses.is_dataclass(args[1]):
        return _tables(args[1], value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _choice(hint, value)
    return _checked(hint, value)


def _each(hint: Any, suffix: str, value: object) -> list[Any]:
    if not isinstance(value, list):
        raise UsageError(f"must be a list, not {_kind_of(value)}")
    items = []
    for index, item in enumerate(value):
        try:
            items.append(_value(hint, suffix, item))
        except UsageError as error:
            raise error.within(key=str(index)) from error
    return items


def _tables(cls: Any, value: object) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise UsageError(f"must be a table of tables, not {_kind_of(value)}")
    built = {}
    for name, table in value.items():
        try:
            built[name] = build(cls, table)
        except UsageError as error:
            raise error.within(key=name) from error
    return built


def _choice(hint: type[Enum], value: object) -> Enum:
    try:
        return hint(value)
    except ValueError as error:
        raise UsageError(f"'{value}' is none of them; {nearest(str(value), [str(m.value) for m in hint])}") from error


def _checked(hint: Any, value: object) -> Any:
    if typing.get_origin(hint) is typing.Literal and value not in typing.get_args(hint):
        choices = [str(arg) for arg in typing.get_args(hint)]
        raise UsageError(f"'{value}' is none of them; {nearest(str(value), choices)}")
    try:
        # The JSON form, because there a list may fill a tuple while a string may still not pass as a number.
        return _adapter(hint).validate_json(json.dumps(value), strict=True)
    except pydantic.ValidationError as error:
        problem = error.errors()[0]
        # The place inside a union starts with the member that was tried.
        place = problem["loc"][_is_union(hint) :]
        raise UsageError(
            f"{problem['msg'][0].lower()}{problem['msg'][1:]}, not {_kind_of(problem['input'])}",
            key=".".join(str(part) for part in place),
        ) from error
    except TypeError as error:
        raise UsageError("must not be a date or a time; nothing here is") from error


@cache
def _adapter(hint: Any) -> pydantic.TypeAdapter[Any]:
    return pydantic.TypeAdapter(hint)


@cache
def _hints(cls: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls) if field.init}


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _kind_of(value: object) -> str:
    names = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a table"}
    name = names.get(type(value), type(value).__name__)
    return name if isinstance(value, (dict, list)) else f"{name} ({value!r})"
