"""
What goes over the lab's socket: one JSON object a line, each request answered once, in order.

A request is `{"id": 7, "do": "drive", "pin": 17, "level": 1}`. Its answer is `{"id": 7, "is": …}`, or
`{"id": 7, "error": "…"}`, with an `errno` where a chip or a bus said no.

| do        | with               | is                                                         |
|-----------|--------------------|------------------------------------------------------------|
| `hello`   | `name`, `pid`      | `pid`, `world`: the lab's process, the digest of its world |
| `drive`   | `pin`, `level`     | null                                                       |
| `release` | `pin`              | null; the line floats to its pull                          |
| `level`   | `pin`, `pull`      | 0 or 1, as it is on the line, or as it is pulled           |
| `i2c`     | `bus`, `call`, `args` | what the SMBus call of that name returns                |
| `address` | `unit`             | `[host, port]`                                             |
| `port`    | `board`            | the path of the serial port of that board, or unit          |
| `input`   | `board`, `pin`, `level` | null; the level that the world applies to a board's pin |
| `state`   |                    | `at_ns`, and each of the `lines`, `rails`, `units`, `boards`, `links` |
| `link`    | `link`             | `address`, `probe`, `interface`, `netns`: how to reach it  |
| `shape`   | `link`, `shape`    | null; the fields of a LinkShape; none clears it            |
| `carrier` | `link`             | whether the unit sees a carrier; null where there is none  |
| `stop`    |                    | null; the lab ends                                         |
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..model.world import WorldSpec

LINE_LIMIT = 1 << 20
ENCODING = "utf-8"


class Malformed(ValueError):
    """
    A line that is no message of this protocol.
    """


@dataclass(frozen=True, slots=True)
class Request:
    """
    What a client asks.
    """

    id: int
    do: str
    args: Mapping[str, Any] = field(default_factory=dict)

    def line(self) -> bytes:
        """
        The request as it is sent.
        """
        return _line({"id": self.id, "do": self.do, **self.args})

    @classmethod
    def read(cls, line: bytes) -> Request:
        """
        The request in a line. Raises Malformed.
        """
        table = _table(line)
        number, verb = table.pop("id", None), table.pop("do", None)
        if not isinstance(number, int) or not isinstance(verb, str):
            raise Malformed("a request needs a number 'id' and a text 'do'")
        return cls(number, verb, table)


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What the lab says to it: a value, or a problem.
    """

    id: int
    value: Any = None
    error: str = ""
    errno: int | None = None

    def line(self) -> bytes:
        """
        The answer as it is sent.
        """
        if not self.error:
            return _line({"id": self.id, "is": self.value})
        return _line({"id": self.id, "error": self.error, "errno": self.errno})

    @classmethod
    def read(cls, line: bytes) -> Answer:
        """
        The answer in a line. Raises Malformed.
        """
        table = _table(line)
        if not isinstance(table.get("id"), int):
            raise Malformed("an answer needs a number 'id'")
        return cls(table["id"], table.get("is"), table.get("error", ""), table.get("errno"))


def digest(world: WorldSpec) -> str:
    """
    A short name for a world as it was specified: two labs of the same rig file differ in it when the file was edited.
    """
    return hashlib.sha256(repr(world).encode()).hexdigest()[:16]


def _line(table: Mapping[str, Any]) -> bytes:
    return json.dumps(table, separators=(",", ":")).encode(ENCODING) + b"\n"


def _table(line: bytes) -> dict[str, Any]:
    try:
        table = json.loads(line)
    except ValueError as error:
        raise Malformed(f"not JSON: {error}") from error
    if not isinstance(table, dict):
        raise Malformed("not an object")
    return table
