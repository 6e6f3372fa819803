"""
Streams: what goes down the wire, and what becomes of a client that does not keep up.
"""

from __future__ import annotations

import anyio

from harness import clock
from harness.host.feed import Feed, Mark
from harness.host.recall import since
from harness.host.sse import EventStream
from tests.host.calling import Frame, listening


def streamed(feed: Feed, heartbeat_s: float = 15) -> EventStream:
    return EventStream(since(feed, Mark("a", 0)), heartbeat_s)


def a_feed(memory: int = 100) -> Feed:
    feed = Feed(memory)
    feed.begin("a")
    feed.tell("a", "run_started", {"at": [1, 2]}, 1)
    return feed


def test_an_event_has_its_mark_its_kind_and_its_json() -> None:
    async def main() -> None:
        feed = a_feed()
        feed.tell("a", "reading", {"subject": "edge"})
        async with listening(streamed(feed), "/") as stream:
            assert (await stream.next()).comment == "connected"
            data = {"run_id": "a", "line": 1, "kind": "run_started", "at": [1, 2]}
            assert await stream.next() == Frame(id="a:1", event="run_started", data=data)
            feed.tell("a", "reading", {"subject": "now"})
            shown = await stream.next()
            assert (shown.id, shown.data["subject"]) == ("", "now")

    clock.run(main, virtual=True)


def test_silence_is_filled_with_heartbeats() -> None:
    async def main() -> None:
        async with listening(streamed(a_feed(), heartbeat_s=5), "/") as stream:
            assert [(await stream.next()).comment, (await stream.next()).id] == ["connected", "a:1"]
            start_ns = clock.now_ns()
            frames = [await stream.next(within_s=6) for _ in range(3)]
            assert [frame.comment for frame in frames] == ["heartbeat"] * 3
            assert clock.now_ns() - start_ns == 15 * clock.NS_PER_S

    clock.run(main, virtual=True)


def test_a_slow_client_is_let_go_with_a_comment_and_can_resume() -> None:
    async def main() -> None:
        feed = a_feed(memory=4)
        async with listening(streamed(feed), "/", pace=0) as stream:
            assert [(await stream.next()).comment, (await stream.next()).id] == ["connected", "a:1"]
            for line in range(2, 20):
                feed.tell("a", "probe", {}, line)
                await anyio.sleep(0.01)  # telling never waits: nobody has taken line 2 yet
            frames = [frame async for frame in stream.frames()]
        assert [frame.id for frame in frames if frame.id] == ["a:2"]
        assert "too slow" in frames[-1].comment

    clock.run(main, virtual=True)


def test_a_client_that_takes_nothing_is_dropped() -> None:
    async def main() -> None:
        async with listening(streamed(a_feed()), "/", pace=0) as stream:
            with anyio.fail_after(60):
                await stream.is_over.wait()

    clock.run(main, virtual=True)


def test_a_stream_ends_with_its_feed() -> None:
    async def main() -> None:
        feed = a_feed()
        async with listening(streamed(feed), "/") as stream:
            await stream.next()
            feed.close()
            assert [frame.id for frame in await stream.rest()] == ["a:1"]

    clock.run(main, virtual=True)
