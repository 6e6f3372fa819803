"""
From a kind's name to its class: `harness/<room>/<kind>.py`, or another distribution's entry point.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from functools import cache
from importlib.metadata import EntryPoint, entry_points, requires
from pathlib import Path
from typing import Any

from .errors import BenchError, UsageError, nearest

ROOMS = ("devices", "faults", "probes", "reports")
_PACKAGE = __package__ or "harness"
_DISTRIBUTION = "crashbench"


def kinds(room: str) -> list[str]:
    """
    The names of every kind in a room, built in or from other distributions.
    """
    return sorted({*_built_in(room), *_points(f"crashbench.{room}")})


@cache
def load(room: str, kind: str) -> Any:
    """
    The class of a kind.

    Raises UsageError for an unknown kind, BenchError when two distributions claim it or it cannot be loaded.
    """
    built_in, others = _built_in(room), _points(f"crashbench.{room}")
    if kind in built_in and kind in others:
        raise BenchError(
            f"{room[:-1]} kind '{kind}' is built in, and {others[kind].value} claims it too: uninstall that"
        )
    if kind not in built_in and kind not in others:
        raise UsageError(f"no {room[:-1]} kind '{kind}'; {nearest(kind, kinds(room))}", key="kind")
    try:
        if kind in others:
            return others[kind].load()
        return class_in(vars(importlib.import_module(f"{_PACKAGE}.{room}.{kind}")), kind)
    except ModuleNotFoundError as error:
        raise BenchError(f"{room[:-1]} kind '{kind}' {needed(error)}") from error
    except (ImportError, AttributeError) as error:
        raise BenchError(f"{room[:-1]} kind '{kind}' cannot be loaded: {error}") from error


def needed(error: ModuleNotFoundError) -> str:
    """
    Which package is needed, and what brings it: the extra of ours that asks for it, if one does.
    """
    package = (error.name or "").partition(".")[0]
    asked = (re.match(r"([\w.-]+).*extra == ['\"](\w+)['\"]", line) for line in requires(_DISTRIBUTION) or ())
    extras = [found[2] for found in asked if found and found[1] == package]
    extra = next((extra for extra in extras if extra != "all"), None)
    wanted = f"'{_DISTRIBUTION}[{extra}]'" if extra else package
    return f"needs '{package}'; install it with `pip install {wanted}`"


def class_in(names: dict[str, Any], kind: str) -> Any:
    """
    The class whose name is the kind's in CamelCase, whatever its capitals (`ina226` is `INA226`).
    """
    wanted = kind.replace("_", "").lower()
    return next(value for name, value in names.items() if name.lower() == wanted and isinstance(value, type))


def seam(group: str, name: str) -> Any:
    """
    The class behind an entry point of another kind of seam, such as gpiozero's pin factories.

    Raises UsageError for an unknown name, BenchError when it cannot be loaded.
    """
    found = _points(group)
    if name not in found:
        raise UsageError(f"no '{name}' among {group}; {nearest(name, found)}")
    try:
        return found[name].load()
    except (ImportError, AttributeError) as error:
        raise BenchError(f"{group} '{name}' cannot be loaded: {error}") from error


@cache
def _built_in(room: str) -> set[str]:
    folder = Path(__file__).parent / room
    return {m.name for m in pkgutil.iter_modules([str(folder)]) if not m.name.startswith("_")}


@cache
def _points(group: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in _all_points().select(group=group)}


@cache
def _all_points() -> Any:
    # Every distribution's files are read for this, which takes longer than all else here: once. EntryPoints, which in
    # Python 3.11 are still in a mapping that selects like them.
    return entry_points()
