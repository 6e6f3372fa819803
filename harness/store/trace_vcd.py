"""
Traces as a value change dump (IEEE 1364-2005, chapter 18), which waveform viewers like GTKWave open.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count, groupby
from typing import TYPE_CHECKING, NamedTuple

from .trace_marks import Mark
from .trace_rows import samples

if TYPE_CHECKING:
    from .trace_reading import RecordedTrace

# Of what is written at a time, in characters.
_PIECE = 1 << 16

_ALWAYS_NS = (-(2**63), 2**63 - 1)


class _Change(NamedTuple):
    """
    What a signal becomes at a moment, as it is written.
    """

    at_ns: int
    text: str


class _Signal(NamedTuple):
    """
    A variable: its scope, type, size in bits, name, value at the start, and its identifier code.
    """

    scope: str
    kind: str
    bits: int
    name: str
    start: str
    code: str


class _Codes:
    """
    Identifier codes: the printable characters, `!` to `~`.
    """

    def __init__(self) -> None:
        self._numbers = count()
        self.signals: list[_Signal] = []

    def add(self, scope: str, kind: str, bits: int, name: str, start: str) -> str:
        """
        The code of one more signal.
        """
        number, code = next(self._numbers), ""
        while not code or number:
            number, digit = divmod(number, 94)
            code += chr(33 + digit)
        self.signals.append(_Signal(scope, kind, bits, name, start, code))
        return code


def vcd(traces: Mapping[str, RecordedTrace], marks: Sequence[Mark], phases: Sequence[Mark]) -> Iterator[bytes]:
    """
    Every meter's voltage, current and flag, every instant as a wire that is 1 for as long as it may have been then, and
    every phase, in nanoseconds since the first of them all.

    A voltage changes when its conversion was surely over; it is NaN, and the flag is not 0, where nothing was measured.
    """
    origin_ns = min(
        [*(trace.span.earliest_ns for trace in traces.values()), *(mark.earliest_ns for mark in [*marks, *phases])]
    )
    codes = _Codes()
    changes = [_meter(codes, name, trace) for name, trace in traces.items()]
    changes += _wires(codes, "instants", marks) + _wires(codes, "phases", phases)
    merged = heapq.merge(*changes, key=lambda change: change.at_ns)
    yield from _pieces(_head(codes.signals, origin_ns), _body(merged, origin_ns))


def _head(signals: Iterable[_Signal], origin_ns: int) -> Iterator[str]:
    yield "$version crashbench $end\n"
    yield f"$comment 0 is {origin_ns} ns on the bench clock; flag: 0 ok 1 overflow 2 stale 3 nack 4 reset 5 gap $end\n"
    yield "$timescale 1 ns $end\n"
    signals = list(signals)
    for scope, inside in groupby(signals, key=lambda signal: signal.scope):
        yield f"$scope module {_word(scope)} $end\n"
        for signal in inside:
            yield f"$var {signal.kind} {signal.bits} {signal.code} {_word(signal.name)} $end\n"
        yield "$upscope $end\n"
    yield "$enddefinitions $end\n#0\n$dumpvars\n"
    yield from (f"{signal.start}{signal.code}\n" for signal in signals)
    yield "$end\n"


def _body(changes: Iterable[_Change], origin_ns: int) -> Iterator[str]:
    # The moment of the start has been written.
    now_ns = origin_ns
    for at_ns, text in changes:
        if at_ns > now_ns:
            now_ns = at_ns
            yield f"#{now_ns - origin_ns}\n"
        yield text


def _meter(codes: _Codes, name: str, trace: RecordedTrace) -> Iterator[_Change]:
    bus = codes.add(name, "real", 64, "bus_v", "rnan ")
    current = codes.add(name, "real", 64, "current_a", "rnan ")
    flag = codes.add(name, "wire", 3, "flag", "bxxx ")
    return _measured(trace, bus, current, flag)


def _measured(trace: RecordedTrace, bus: str, current: str, flag: str) -> Iterator[_Change]:
    now_ns, known = 0, ("", "", -1)
    for rows in trace.rows(*_ALWAYS_NS):
        taken = samples([rows])
        columns = zip(taken.earliest_ns, taken.latest_ns, taken.bus_v, taken.current_a, taken.code, strict=True)
        for earliest_ns, latest_ns, bus_v, current_a, code in columns:
            now_ns = max(now_ns, earliest_ns if code else latest_ns)
            seen = ("nan", "nan", code) if code else (f"{bus_v:.9g}", f"{current_a:.9g}", 0)
            if seen != known:
                texts = (f"r{seen[0]} {bus}\n", f"r{seen[1]} {current}\n", f"b{code:b} {flag}\n")
                yield _Change(now_ns, "".join(text for text, a, b in zip(texts, seen, known, strict=True) if a != b))
                known = seen
        yield _Change(latest_ns, "")


def _wires(codes: _Codes, scope: str, marks: Sequence[Mark]) -> list[Iterator[_Change]]:
    return [
        _wire(codes.add(scope, "wire", 1, name, "0"), [mark for mark in marks if mark.name == name])
        for name in dict.fromkeys(mark.name for mark in marks)
    ]


def _wire(code: str, marks: Iterable[Mark]) -> Iterator[_Change]:
    """
    A wire that is 1 during every mark, for a nanosecond at least.
    """
    down_ns = -1
    for mark in sorted(marks, key=lambda mark: mark.earliest_ns):
        if mark.earliest_ns > down_ns:
            if down_ns >= 0:
                yield _Change(down_ns, f"0{code}\n")
            yield _Change(mark.earliest_ns, f"1{code}\n")
        down_ns = max(down_ns, mark.latest_ns, mark.earliest_ns + 1)
    if down_ns >= 0:
        yield _Change(down_ns, f"0{code}\n")


def _word(name: str) -> str:
    return re.sub(r"\W", "_", name, flags=re.ASCII)


def _pieces(*parts: Iterable[str]) -> Iterator[bytes]:
    """
    The same text in fewer pieces.
    """
    held: list[str] = []
    size = 0
    for part in parts:
        for text in part:
            held.append(text)
            size += len(text)
            if size >= _PIECE:
                yield "".join(held).encode("ascii")
                held, size = [], 0
    yield "".join(held).encode("ascii")
