"""
From a mark to the present: what has left the memory is read from the records, and then the feed is followed.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from itertools import islice

import anyio.to_thread

from ..errors import RecordError, UsageError
from ..model.codec import event_to_json
from ..model.event import JSON, Event
from ..store import record
from ..store.events import numbered
from .feed import Feed, Mark, Stretch, Told

# Lines that are read from a record at a time: some milliseconds in a thread, while the loop goes on.
_AT_A_TIME = 500


class Missing(str):
    """
    What a reader should know and cannot get, in one line.
    """


Heard = Told | Missing
Hearing = AsyncGenerator[Heard, None]


def told_data(event: Event) -> dict[str, JSON]:
    """
    What is told of an event, beside its kind.
    """
    return {key: value for key, value in event_to_json(event).items() if key != "kind"}


async def since(feed: Feed, mark: Mark | None, run_id: str | None = None, *, follow: bool = True) -> Hearing:
    """
    Everything after `mark`, of one run or of all, without a gap and without a repetition. No mark: from now on.

    Where a record does not have what it should, that is said in its place. Raises FellBehind.
    """
    place = feed.now if mark is None else feed.place_of(mark)
    if place is None:
        assert mark is not None
        # Told by an earlier host: the rest of that run, and all that this host has told.
        async for heard in recorded(Stretch(0, mark.run_id, mark.line + 1, 0)):
            yield heard
        place = 0
    while pieces := feed.forgotten(place, run_id):
        for piece in pieces:
            async for heard in recorded(piece):
                yield heard
        place = pieces[-1].place + pieces[-1].last - pieces[-1].first
    async with aclosing(feed.tail(place, run_id, follow=follow)) as tail:
        async for told in tail:
            yield told


async def recorded(piece: Stretch) -> Hearing:
    """
    Those lines of a run's record; a `last` of 0 is the record's own.
    """
    lines, line, problem = _lines(piece), piece.first - 1, ""
    while not problem:
        some, problem = await anyio.to_thread.run_sync(_some, lines)
        for line, event in some:
            yield Told(run_id=piece.run_id, kind=event.kind.value, line=line, data=told_data(event))
        if not some:
            break
    if line < piece.last:
        problem = f"lines {line + 1} to {piece.last} cannot be had: {problem or 'the record ends before them'}"
    if problem:
        yield Missing(f"run {piece.run_id}: {problem}")


def _lines(piece: Stretch) -> Iterator[tuple[int, Event]]:
    # By the names that are there, for this one may have come from a client.
    yield from islice(numbered(record.folder(piece.run_id)), piece.first - 1, piece.last or None)


def _some(lines: Iterator[tuple[int, Event]]) -> tuple[list[tuple[int, Event]], str]:
    """
    The next lines, and what keeps more from being read.
    """
    some: list[tuple[int, Event]] = []
    try:
        some.extend(islice(lines, _AT_A_TIME))
    except (UsageError, RecordError) as error:
        return some, str(error)
    return some, ""
