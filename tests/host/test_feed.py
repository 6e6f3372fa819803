"""
The feed: whoever asks gets everything that came after what it knows, once, in order.
"""

from __future__ import annotations

import math

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import clock
from harness.errors import UsageError
from harness.host.feed import Feed, FellBehind, Mark, Stretch, Told

# Runs take turns in any way; True is something that is only shown.
TURNS = st.lists(st.tuples(st.sampled_from("ab"), st.booleans()), max_size=40)


def told(turns: list[tuple[str, bool]], memory: int) -> tuple[Feed, list[Mark]]:
    """
    A feed of those turns, and the marks of what is on record.
    """
    feed, lines, marks = Feed(memory), {"a": 0, "b": 0}, []
    for run_id, is_only_shown in turns:
        if is_only_shown:
            feed.tell(run_id, "reading", {})
            continue
        lines[run_id] += 1
        feed.tell(run_id, "probe", {}, lines[run_id])
        marks.append(Mark(run_id, lines[run_id]))
    return feed, marks


def unfolded(stretches: list[Stretch]) -> list[Mark]:
    return [Mark(s.run_id, line) for s in stretches for line in range(s.first, s.last + 1)]


def heard(feed: Feed, place: int, run_id: str | None = None) -> list[Told]:
    async def main() -> list[Told]:
        return [told async for told in feed.tail(place, run_id, follow=False)]

    return clock.run(main, virtual=True)


@given(turns=TURNS, memory=st.integers(1, 12), data=st.data())
def test_what_is_forgotten_and_what_is_in_memory_are_together_all_that_came_after(
    turns: list[tuple[str, bool]], memory: int, data: st.DataObject
) -> None:
    feed, marks = told(turns, memory)
    known = data.draw(st.integers(0, len(marks)))
    run_id = data.draw(st.sampled_from([None, "a", "b"]))
    place = 0 if known == 0 else feed.place_of(marks[known - 1])
    assert place is not None

    forgotten = unfolded(feed.forgotten(place, run_id))
    after = max([place, *(s.place + s.last - s.first for s in feed.forgotten(place, run_id))])
    remembered = [Mark(t.run_id, t.line) for t in heard(feed, after, run_id) if t.line is not None]

    assert forgotten + remembered == [mark for mark in marks[known:] if run_id in (None, mark.run_id)]


@given(turns=TURNS)
def test_what_is_only_shown_is_not_shown_again(turns: list[tuple[str, bool]]) -> None:
    feed, _ = told(turns, 100)
    assert all(t.line is not None for t in heard(feed, 0))


def test_the_beginning_of_a_run_lies_just_before_its_first_line() -> None:
    feed, _ = told([("a", False), ("b", False), ("a", False)], 10)
    assert feed.place_of(Mark("b", 0)) == 1
    assert feed.place_of(Mark("a", 0)) == 0


def test_of_a_run_that_was_repeated_the_last_time_counts() -> None:
    feed = Feed()
    for line in (1, 2, 1, 2):
        feed.tell("a", "probe", {}, line)
    assert [feed.place_of(Mark("a", line)) for line in (0, 1, 2)] == [2, 3, 4]


@pytest.mark.parametrize("mark", [Mark("b", 1), Mark("a", 2)])
def test_what_was_never_told_has_no_place(mark: Mark) -> None:
    assert told([("a", False)], 10)[0].place_of(mark) is None


def test_a_reader_hears_what_is_told_while_it_waits_and_its_runs_end_is_its_end() -> None:
    async def main() -> list[str]:
        feed, heard = Feed(), []
        feed.begin("a")
        feed.begin("b")

        async def listen() -> None:
            async for told in feed.tail(0, "a"):
                heard.append(told.kind)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listen)
            for run_id, kind in (("a", "one"), ("b", "not its own"), ("a", "two")):
                await anyio.sleep(1)
                feed.tell(run_id, kind, {}, 1)
            feed.end("a")
        return heard

    assert clock.run(main, virtual=True) == ["one", "two"]


def test_every_reader_ends_with_the_feed() -> None:
    async def main() -> None:
        feed = Feed()
        feed.begin("a")
        async with anyio.create_task_group() as tasks:
            for run_id in (None, "a"):
                tasks.start_soon(exhaust, feed, run_id)
            await anyio.sleep(1)
            feed.close()

    async def exhaust(feed: Feed, run_id: str | None) -> None:
        async for _ in feed.tail(0, run_id):
            raise AssertionError("nothing was told")

    clock.run(main, virtual=True)


def test_a_reader_that_is_too_slow_is_told_so_and_nobody_waits_for_it() -> None:
    async def main() -> None:
        feed = Feed(memory=3)
        feed.tell("a", "probe", {}, 1)
        tail = feed.tail(0)
        assert (await anext(tail)).line == 1
        for line in range(2, 10):
            feed.tell("a", "probe", {}, line)
        with pytest.raises(FellBehind):
            await anext(tail)

    clock.run(main, virtual=True)


@pytest.mark.parametrize("mark", [Mark("a", 0), Mark("20260101-power-outage-beef", 12), Mark("odd:name", 3)])
def test_a_mark_reads_what_it_writes(mark: Mark) -> None:
    assert Mark.parse(str(mark)) == mark


@pytest.mark.parametrize("text", ["", "17", "a:", ":17", "a:-1", "a:1.5", "a:²", "a:b"])
def test_what_is_no_mark_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="Last-Event-ID"):
        Mark.parse(text)


def test_a_number_that_json_does_not_have_is_told_by_its_name() -> None:
    told = Told(run_id="a", kind="reading", data={"data": {"bus_v": math.inf, "list": [math.nan, 1.5, True]}})
    assert told.public()["data"] == {"bus_v": "inf", "list": ["nan", 1.5, True]}
