"""
Resuming: a stream that is cut anywhere, and taken up again with its last id, has no gap and no repetition.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

from hypothesis import given, settings
from hypothesis import strategies as st

from harness import clock
from harness.host.feed import Feed, FellBehind, Mark, Stretch, Told
from harness.host.recall import Heard, Hearing, Missing, recorded, since, told_data
from harness.model.event import Event, Kind
from harness.model.instant import Instant
from harness.store.events import FILE, EventLog
from harness.store.home import runs_dir

TURNS = st.lists(st.sampled_from("abc"), min_size=1, max_size=30)
MEMORY = st.integers(1, 10)

# A run is never recorded twice, and every example has runs of its own.
_example = count()


class Teller:
    """
    Tells of runs, and records them; `marks` is what a client should have heard.
    """

    def __init__(self, feed: Feed) -> None:
        self.feed, self.marks = feed, list[Mark]()
        self._number = next(_example)
        self._logs: dict[str, EventLog] = {}

    def name(self, run: str) -> str:
        return f"{run}-{self._number}"

    def tell(self, runs: Iterable[str]) -> None:
        """
        One line each.
        """
        for run_id in map(self.name, runs):
            if run_id not in self._logs:
                self._logs[run_id] = EventLog(runs_dir() / run_id)
            line = 1 + sum(1 for mark in self.marks if mark.run_id == run_id)
            event = Event(kind=Kind.PROBE, at=Instant.exactly(line), subject=run_id)
            self.feed.tell(run_id, event.kind.value, told_data(event), line)
            self._logs[run_id](event)
            self.marks.append(Mark(run_id, line))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for log in self._logs.values():
            log.close()


def told(runs: Iterable[str], feed: Feed) -> Teller:
    with Teller(feed) as teller:
        teller.tell(runs)
    return teller


async def first(hearing: Hearing, limit: int = 100) -> list[Heard]:
    """
    That much of what is heard, and then the client is gone.
    """
    heard: list[Heard] = []
    while len(heard) < limit:
        try:
            heard.append(await anext(hearing))
        except (StopAsyncIteration, FellBehind):
            break
    await hearing.aclose()
    return heard


def marks_of(heard: list[Heard]) -> list[Mark]:
    assert not [said for said in heard if isinstance(said, Missing)]
    return [Mark(said.run_id, said.line or 0) for said in heard if isinstance(said, Told)]


@given(runs=TURNS, memory=MEMORY, cuts=st.lists(st.integers(1, 5), min_size=30, max_size=30))
def test_a_stream_cut_anywhere_and_resumed_has_every_event_once(runs: str, memory: int, cuts: list[int]) -> None:
    async def main() -> None:
        feed = Feed(memory)
        teller = told(runs, feed)
        got = [Mark(teller.name(runs[0]), 0)]
        for limit in cuts:
            got += marks_of(await first(since(feed, got[-1], follow=False), limit))
        assert got[1:] == teller.marks

    clock.run(main)


@settings(max_examples=40)
@given(rounds=st.lists(st.tuples(TURNS, st.integers(0, 20)), min_size=1, max_size=8), memory=MEMORY)
def test_a_stream_cut_while_runs_go_on_has_every_event_once(rounds: list[tuple[str, int]], memory: int) -> None:
    async def main() -> None:
        feed = Feed(memory)
        with Teller(feed) as teller:
            got = [Mark(teller.name(rounds[0][0][0]), 0)]
            for runs, limit in rounds:
                teller.tell(runs[:1])
                hearing = since(feed, got[-1], follow=False)
                got += marks_of([await anext(hearing)])
                teller.tell(runs[1:])  # behind the back of a client that has begun
                got += marks_of(await first(hearing, limit))
        got += marks_of(await first(since(feed, got[-1], follow=False)))
        assert got[1:] == teller.marks

    clock.run(main)


@given(runs=TURNS, memory=MEMORY, data=st.data())
def test_one_runs_stream_has_its_events_alone(runs: str, memory: int, data: st.DataObject) -> None:
    async def main() -> None:
        feed = Feed(memory)
        teller = told(runs, feed)
        run_id = teller.name(runs[0])
        own = [mark for mark in teller.marks if mark.run_id == run_id]
        known = data.draw(st.integers(0, len(own)))
        assert marks_of(await first(since(feed, Mark(run_id, known), run_id, follow=False))) == own[known:]

    clock.run(main)


def test_a_record_that_lags_behind_is_made_up_for_by_the_memory() -> None:
    async def main() -> None:
        feed = Feed(memory=5)
        for line in range(1, 4):
            feed.tell("unwritten", "probe", {}, line)
        heard = await first(since(feed, Mark("unwritten", 0), "unwritten", follow=False))
        assert [mark.line for mark in marks_of(heard)] == [1, 2, 3]

    clock.run(main)


def test_what_an_earlier_host_told_is_on_record() -> None:
    async def main() -> None:
        old = told("aaa", Feed())
        feed = Feed(memory=1)
        new = told("bb", feed)
        assert marks_of(await first(since(feed, old.marks[0], follow=False))) == [*old.marks[1:], *new.marks]

    clock.run(main)


def test_without_an_id_a_stream_begins_now() -> None:
    async def main() -> None:
        feed = Feed()
        told("aa", feed)
        assert await first(since(feed, None, follow=False)) == []

    clock.run(main)


def test_a_run_that_is_not_on_record_is_said_to_be_missing() -> None:
    async def main() -> None:
        for run_id in ("gone", "../gone", "/etc/passwd"):
            feed = Feed()
            teller = told("a", feed)
            missing, *heard = await first(since(feed, Mark(run_id, 3), follow=False))
            assert isinstance(missing, Missing)
            assert f"no run '{run_id}'" in missing
            assert marks_of(heard) == teller.marks

    clock.run(main)


def test_a_record_that_ends_too_early_is_said_to() -> None:
    async def main() -> None:
        teller = told("aaa", Feed())
        *heard, missing = await first(recorded(Stretch(1, teller.name("a"), 2, 5)))
        assert marks_of(heard) == teller.marks[1:]
        assert str(missing).endswith("lines 4 to 5 cannot be had: the record ends before them")

    clock.run(main)


def test_a_broken_record_is_read_up_to_where_it_breaks(home: Path) -> None:
    async def main() -> None:
        teller = told("aaa", Feed())
        path = home / "runs" / teller.name("a") / FILE
        path.write_bytes(path.read_bytes().replace(b'"line":2', b'"line":7'))
        *heard, missing = await first(recorded(Stretch(1, teller.name("a"), 1, 0)))
        assert marks_of(heard) == teller.marks[:1]
        assert "line 2 is not what was written" in str(missing)

    clock.run(main)
