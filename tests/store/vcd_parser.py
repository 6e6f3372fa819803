"""
A strict reader of value change dumps, after IEEE 1364-2005, chapter 18: what it does not know is an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_KEYWORDS = {"$comment", "$date", "$version", "$timescale", "$scope", "$var", "$upscope", "$enddefinitions"}
_TYPES = {"event", "integer", "parameter", "real", "realtime", "reg", "time", "tri", "wire"}
_SCALE = re.compile(r"(1|10|100) ?(s|ms|us|ns|ps|fs)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
_CODE = re.compile(r"[!-~]+")

Change = tuple[int, float | str]


@dataclass
class Dump:
    """
    What a dump says: its timescale, its comments, and the changes of each signal by its full name.
    """

    timescale: str = ""
    comments: list[str] = field(default_factory=list)
    types: dict[str, tuple[str, int]] = field(default_factory=dict)
    changes: dict[str, list[Change]] = field(default_factory=dict)
    end: int = 0

    def at(self, name: str, time: int) -> float | str:
        """
        The value of a signal at a time.
        """
        return [value for when, value in self.changes[name] if when <= time][-1]


class _Reader:
    def __init__(self, text: str) -> None:
        assert text.isascii()
        self.tokens = iter(text.split())
        self.dump = Dump()
        self.names: dict[str, str] = {}
        self.scopes: list[str] = []

    def until_end(self) -> list[str]:
        inside = []
        for token in self.tokens:
            if token == "$end":
                return inside
            inside.append(token)
        raise AssertionError("a section has no $end")

    def definitions(self) -> None:
        for keyword in self.tokens:
            assert keyword in _KEYWORDS, keyword
            inside = self.until_end()
            match keyword:
                case "$timescale":
                    self.dump.timescale = " ".join(inside)
                    assert _SCALE.fullmatch(self.dump.timescale)
                case "$comment":
                    self.dump.comments.append(" ".join(inside))
                case "$scope":
                    kind, name = inside
                    assert kind == "module"
                    assert _NAME.fullmatch(name), name
                    self.scopes.append(name)
                case "$upscope":
                    assert not inside
                    self.scopes.pop()
                case "$var":
                    self.variable(*inside)
                case "$enddefinitions":
                    assert not inside
                    assert not self.scopes
                    return
        raise AssertionError("no $enddefinitions")

    def variable(self, kind: str, size: str, code: str, name: str) -> None:
        assert kind in _TYPES
        assert _NAME.fullmatch(name), name
        assert _CODE.fullmatch(code)
        assert code not in self.names
        full = ".".join([*self.scopes, name])
        assert full not in self.dump.types
        self.names[code] = full
        self.dump.types[full] = kind, int(size)
        self.dump.changes[full] = []

    def body(self) -> None:
        time, is_dumping, last = 0, False, -1
        for token in self.tokens:
            if token.startswith("#"):
                time = int(token[1:])
                assert time > last, "time goes backwards, or stands"
                last = time
            elif token == "$dumpvars":
                is_dumping = True
            elif token == "$end":
                assert is_dumping
                is_dumping = False
                assert all(self.dump.changes.values()), "a signal without a first value"
            else:
                self.change(time, token)
        self.dump.end = time

    def change(self, time: int, token: str) -> None:
        value: float | str
        if token[0] in "rR":
            value, code, wanted = float(token[1:]), next(self.tokens), ("real", 64)
            assert self.dump.types[self.names[code]] == wanted
        elif token[0] in "bB":
            value, code = token[1:], next(self.tokens)
            kind, size = self.dump.types[self.names[code]]
            assert kind != "real"
            assert re.fullmatch(r"[01xz]+", value)
            assert len(value) <= size
        else:
            value, code = token[0], token[1:]
            assert value in "01xz"
            assert self.dump.types[self.names[code]][1] == 1
        self.dump.changes[self.names[code]].append((time, value))


def parse(text: str) -> Dump:
    """
    Reads a dump. Raises AssertionError at whatever the standard does not know.
    """
    reader = _Reader(text)
    reader.definitions()
    reader.body()
    return reader.dump
