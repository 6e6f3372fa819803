"""
The feed: what every run of this host tells, in one order. The newest is in memory, what came before it on record.

A reader asks for what it needs at its own pace, so that no run ever waits for one and nothing is kept on its behalf.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Self

import anyio

from ..errors import UsageError
from ..model.event import JSON

# A record may lag behind what its bench process has told: by one line in real time, by a batch of 64 KiB in virtual
# time, which is fewer than a thousand lines. What is no longer in memory is therefore on record, even for a few runs
# at once.
MEMORY = 4096


class Mark(NamedTuple):
    """
    A line of a run's record: everything up to it has been heard. Line 0 is the run's beginning.
    """

    run_id: str
    line: int

    def __str__(self) -> str:
        return f"{self.run_id}:{self.line}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        What `str` wrote. Raises UsageError.
        """
        run_id, _, line = text.rpartition(":")
        if not run_id or not (line.isascii() and line.isdecimal()):
            raise UsageError(f"'{text}' is no event's id; give the last one that was heard", key="Last-Event-ID")
        return cls(run_id, int(line))


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """
    One thing that was told of a run. `line` is its place on record; what is only shown while it happens has none.

    `place` counts what is on record over all runs of this host; what is only shown stands where it was told.
    """

    run_id: str
    kind: str
    line: int | None = None
    place: int = 0
    data: Mapping[str, JSON] = field(default_factory=dict)

    def public(self) -> dict[str, JSON]:
        """
        The JSON that others read; a number that JSON does not have is its name.
        """
        told = {"run_id": self.run_id, "line": self.line, "kind": self.kind, **self.data}
        return {key: _finite(value) for key, value in told.items()}


@dataclass(slots=True)
class Stretch:
    """
    Lines of one run's record that were told one after the other, `place` being that of the first.
    """

    place: int
    run_id: str
    first: int
    last: int

    def cut(self, after: int, before: int) -> Stretch | None:
        """
        The part that lies between two places, neither included.
        """
        first, last = max(self.place, after + 1), min(self.place + self.last - self.first, before - 1)
        if first > last:
            return None
        offset = self.first - self.place
        return Stretch(first, self.run_id, first + offset, last + offset)


class FellBehind(Exception):
    """
    A reader was so slow that what it needs next has left the memory; the record has it.
    """


class Feed:
    """
    `begin` a run, `tell` of it, `end` it; `tail` reads along. Everything happens on one loop.
    """

    def __init__(self, memory: int = MEMORY) -> None:
        self._recent: deque[Told] = deque(maxlen=memory)
        self._told = 0
        self._place = 0
        # One for each run, and one more whenever two take turns: a hundred bytes each.
        self._order: list[Stretch] = []
        self._running: set[str] = set()
        self._is_closed = False
        self._news = anyio.Event()

    def begin(self, run_id: str) -> None:
        """
        From now on there is news of that run.
        """
        self._running.add(run_id)

    def tell(self, run_id: str, kind: str, data: Mapping[str, JSON], line: int | None = None) -> None:
        """
        Tells every reader, now or whenever it asks.
        """
        if line is not None:
            self._place += 1
            self._put_in_order(run_id, line)
        self._recent.append(Told(run_id=run_id, kind=kind, line=line, place=self._place, data=data))
        self._told += 1
        self._wake()

    def end(self, run_id: str) -> None:
        """
        There will be no more news of that run.
        """
        self._running.discard(run_id)
        self._wake()

    def close(self) -> None:
        """
        There will be no more news at all.
        """
        self._is_closed = True
        self._wake()

    @property
    def now(self) -> int:
        """
        The place of the last thing told that is on record.
        """
        return self._place

    def place_of(self, mark: Mark) -> int | None:
        """
        Where a line was told, at last; None for one that this host never told.
        """
        for stretch in reversed(self._order):
            # A run's beginning lies just before its first line.
            first = 0 if stretch.first == 1 else stretch.first
            if stretch.run_id == mark.run_id and first <= mark.line <= stretch.last:
                return stretch.place + mark.line - stretch.first
        return None

    def forgotten(self, place: int, run_id: str | None = None) -> list[Stretch]:
        """
        What was told after that place, of one run or of all, and is no longer in memory.
        """
        oldest = next((told.place for told in self._recent if told.line is not None), self._place + 1)
        pieces = (s.cut(place, oldest) for s in self._order if run_id is None or s.run_id == run_id)
        return [piece for piece in pieces if piece is not None]

    async def tail(self, place: int, run_id: str | None = None, *, follow: bool = True) -> AsyncGenerator[Told, None]:
        """
        What is told after that place, of one run or of all, as it comes; what is only shown, from now on.

        Ends with the run, or with the host; without `follow` where the present is reached. Raises FellBehind.
        """
        shown_from = self._told
        at = self._told - sum(1 for told in self._recent if told.place > place)
        while True:
            while at < self._told:
                oldest = self._told - len(self._recent)
                if at < oldest:
                    raise FellBehind
                told = self._recent[at - oldest]
                at += 1
                if run_id in (None, told.run_id) and (told.line is not None or at > shown_from):
                    yield told
            if not follow or self._is_closed or (run_id is not None and run_id not in self._running):
                return
            await self._news.wait()

    def _put_in_order(self, run_id: str, line: int) -> None:
        last = self._order[-1] if self._order else None
        if last is not None and (last.run_id, last.last + 1) == (run_id, line):
            last.last = line
        else:
            self._order.append(Stretch(self._place, run_id, line, line))

    def _wake(self) -> None:
        self._news.set()
        self._news = anyio.Event()


def _finite(value: JSON) -> JSON:
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list) else value
