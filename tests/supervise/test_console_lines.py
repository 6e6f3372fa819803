"""
What the DUTs' consoles say is in the record of a run, line by line, each in its trial.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import anyio
import pytest

from harness import clock
from harness.assemble import Assembly
from harness.devices._numbered import Numbered
from harness.errors import RecordError
from harness.model.event import Event, Kind
from harness.model.instant import Instant
from harness.protocols import Chunk
from harness.supervise import console_lines
from harness.supervise.console_lines import ConsoleLines
from tests.benches import rig


class Port:
    """
    A console that says what it is told to, each bit 5 ms after the one before.
    """

    name = "port"

    def __init__(self, keep: int = 100) -> None:
        self._heard: Numbered[Chunk] = Numbered("port", keep)
        self.since, self.more = self._heard.since, self._heard.more

    @property
    def count(self) -> int:
        return self._heard.count

    async def open(self) -> None: ...

    async def aclose(self) -> None: ...

    def say(self, *bits: bytes) -> None:
        for bit in bits:
            at_ns = 5 * self.count
            self._heard.append(Chunk(Instant(at_ns, at_ns + 5), bit))


def lines_of(port: Port, told: list[Event]) -> ConsoleLines:
    base = rig()
    bench = SimpleNamespace(
        rig=replace(base, duts={"edge": replace(base.duts["edge"], roles={"console": "port", "power": "mains"})}),
        devices={"port": port, "mains": object()},
    )
    return ConsoleLines(cast(Assembly, bench), told.append)


def said(kind: Kind, trial: int | None) -> Event:
    return Event(kind=kind, at=Instant.exactly(0), trial=trial)


def texts(told: Sequence[Event]) -> list[Any]:
    return [event.data["text"] for event in told if event.kind is Kind.CONSOLE]


def test_a_line_is_told_of_its_trial_at_the_instant_of_its_end() -> None:
    told: list[Event] = []
    port = Port()
    lines = lines_of(port, told)
    port.say(b"before\n")
    lines(said(Kind.TRIAL_STARTED, 0))
    port.say(b"U-Bo", b"ot\r\n\r\nhit a key\n", b"login: ")
    lines(said(Kind.TRIAL_ENDED, 0))
    port.say(b"between\n")
    lines(said(Kind.TRIAL_STARTED, 1))
    port.say(b"\xff\x00\n")
    lines(said(Kind.RUN_ENDED, None))

    consoles = [event for event in told if event.kind is Kind.CONSOLE]
    assert {event.subject for event in consoles} == {"edge.console"}
    assert [(event.trial, event.data["text"], event.at) for event in consoles] == [
        (None, "before", Instant(0, 5)),
        (0, "U-Boot", Instant(10, 15)),
        (0, "hit a key", Instant(10, 15)),
        (0, "login:", Instant(15, 20)),
        (0, "between", Instant(20, 25)),
        (1, "\ufffd\x00", Instant(25, 30)),
    ]
    # A trial's last words stand before its end.
    assert [event.kind for event in told][-5:] == [
        Kind.TRIAL_ENDED,
        Kind.CONSOLE,
        Kind.TRIAL_STARTED,
        Kind.CONSOLE,
        Kind.RUN_ENDED,
    ]


def test_a_line_is_told_as_soon_as_it_has_come() -> None:
    told: list[Event] = []
    port = Port()

    async def main() -> None:
        lines = lines_of(port, told)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lines.keep_telling)
            await anyio.sleep(1)
            port.say(b"booted\n", b"half a li")
            await anyio.sleep(1)
            assert texts(told) == ["booted"]
            lines(said(Kind.RUN_ENDED, None))
            port.say(b"ne\n")
            await anyio.sleep(1)
            tasks.cancel_scope.cancel()

    clock.run(main, virtual=True)
    assert texts(told) == ["booted", "half a li"]
    assert told[-1].kind is Kind.RUN_ENDED


def test_of_a_console_that_says_too_much_the_record_says_what_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console_lines, "_MOST", 3)
    told: list[Event] = []
    port = Port(keep=5)
    lines = lines_of(port, told)
    lines(said(Kind.TRIAL_STARTED, 0))
    port.say(*(b"%d\n" % n for n in range(5)))
    lines(said(Kind.TRIAL_ENDED, 0))
    port.say(*(b"x" * 5000 + b"\n" for n in range(6)))
    lines(said(Kind.TRIAL_ENDED, 1))

    assert texts(told) == ["0", "1", "2"]
    assert [event.data["problem"] for event in told if event.kind is Kind.BENCH_TROUBLE] == [
        "edge.console: 2 more lines are in its log",
        "edge.console: some of its lines are not on record: port: remembers its last 5 only; ask sooner",
    ]


def test_a_console_that_never_ends_a_line_fills_no_memory() -> None:
    told: list[Event] = []
    port = Port()
    lines = lines_of(port, told)
    port.say(*([b"\xa5" * 4096] * 50))
    lines(said(Kind.TRIAL_ENDED, 0))
    assert len(texts(told)[0]) == 200


def test_a_record_that_takes_no_line_comes_out() -> None:
    port = Port()

    def refuse(event: Event) -> None:
        raise RecordError("events.jsonl: cannot be written")

    lines = lines_of(port, [])
    lines._emit = refuse
    port.say(b"booted\n")
    with pytest.raises(RecordError):
        lines(said(Kind.TRIAL_ENDED, 0))
