"""
Finding and reading the files that describe rigs, drills and game days.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UsageError, nearest
from .data import data

FOLDERS = {"rig": "rigs", "drill": "rigs/drills", "game day": "rigs/gamedays"}


@dataclass(frozen=True, slots=True)
class Source:
    """
    A TOML file as it was read: where it is, the name it goes by, its content, and a digest of what was read.
    """

    path: Path
    name: str
    table: dict[str, Any]
    digest: str


def shipped(what: str) -> dict[str, Path]:
    """
    The shipped rigs, drills or game days, by name.
    """
    return {path.stem: path for path in sorted(data(FOLDERS[what]).glob("*.toml"))}


def read(what: str, name: str, overrides: Sequence[str] = ()) -> Source:
    """
    The rig, drill or game day of that name or path, with `key=value` overrides applied. Raises UsageError.
    """
    path = _find(what, name)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"cannot be read: {reason}", file=str(path)) from error
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"is not TOML: {error}", file=str(path)) from error
    for override in overrides:
        _override(table, override, what)
    digest = hashlib.sha256("\n".join([text, *overrides]).encode()).hexdigest()
    return Source(path, path.stem, table, digest)


def _find(what: str, name: str) -> Path:
    known = shipped(what)
    if name in known:
        return known[name]
    path = Path(name)
    if path.suffix == ".toml" or "/" in name:
        if path.is_file():
            return path
        raise UsageError("there is no such file" if not path.exists() else "is not a file", file=name)
    raise UsageError(f"no shipped {what} '{name}'; {nearest(name, known)}, or give a file's path", key=what)


def _override(table: dict[str, Any], override: str, what: str) -> None:
    key, equals, value = override.partition("=")
    if not equals:
        raise UsageError(f"'{override}' is no override; write {what}.key=value", key="--set")
    parts = key.strip().removeprefix(f"{what}.").split(".")
    if not all(parts):
        raise UsageError(f"names no key; write {what}.key=value", key=f"--set {override}")
    at: Any = table
    for part in parts[:-1]:
        at = _step(at, part, key)
    last: Any = parts[-1]
    if not isinstance(at, dict):
        _step(at, last, key)
        last = int(last)
    at[last] = _literal(value)


def _step(at: Any, part: str, key: str) -> Any:
    if isinstance(at, list):
        if not part.isdecimal() or int(part) >= len(at):
            raise UsageError(f"'{part}' is no place in a list of {len(at)}; count from 0", key=f"--set {key}")
        return at[int(part)]
    if not isinstance(at, dict):
        raise UsageError(f"'{part}' is inside a plain value", key=f"--set {key}")
    return at.setdefault(part, {})


def _literal(value: str) -> Any:
    try:
        return tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return value.strip()
