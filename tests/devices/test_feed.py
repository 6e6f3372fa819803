"""
Samples on their way to readers: the next one for everybody who waits, and no wake-up for nobody.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from typing import Any

import anyio

from harness import clock
from harness.devices._feed import Feed
from harness.model.trace import Code, Sample


def sample(latest_ns: int, code: Code = Code.OK) -> Sample:
    return Sample(1, latest_ns - 2, latest_ns, 5, 7, code)


class Woken:
    """
    Makes every call at once, and counts them.
    """

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, call: Callable[..., object], *arguments: Any) -> None:
        self.calls += 1
        call(*arguments)


def play(main: Callable[[Feed, Woken], Awaitable[None]]) -> None:
    async def begin() -> None:
        woken = Woken()
        await main(Feed(woken), woken)

    clock.run(begin, virtual=True)


def test_nobody_is_woken_while_nobody_waits() -> None:
    async def main(feed: Feed, woken: Woken) -> None:
        for at_ns in range(100):
            feed.put(sample(at_ns))
        assert woken.calls == 0

    play(main)


def test_everybody_who_waits_gets_the_next_sample_by_one_wake_up() -> None:
    async def main(feed: Feed, woken: Woken) -> None:
        got: list[Sample] = []

        async def wait() -> None:
            got.append(await feed.next_after(10))

        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(wait)
            await anyio.wait_all_tasks_blocked()
            feed.put(sample(11))
            feed.put(sample(12))
        assert got == [sample(11)] * 3
        assert woken.calls == 1

    play(main)


def test_what_was_complete_before_the_call_is_not_the_next() -> None:
    async def main(feed: Feed, woken: Woken) -> None:
        feed.put(sample(10))
        with anyio.move_on_after(1) as patience:
            await feed.next_after(10)
        assert patience.cancelled_caught
        feed.put(sample(9))  # wakes whoever was left behind, and is too old for the next
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(feed.next_after, 10)
            await anyio.wait_all_tasks_blocked()
            feed.put(sample(10))
            await anyio.wait_all_tasks_blocked()
            feed.put(sample(11))

    play(main)


def test_one_that_came_while_the_loop_was_busy_is_there_at_once() -> None:
    async def main(feed: Feed, woken: Woken) -> None:
        feed.put(sample(20, Code.NACK))
        assert await feed.next_after(10) == sample(20, Code.NACK)

    play(main)


def test_each_of_a_threads_samples_is_seen_by_a_reader_that_keeps_up() -> None:
    async def main() -> None:
        import asyncio

        feed = Feed(asyncio.get_running_loop().call_soon_threadsafe)
        taken = threading.Semaphore(0)

        def put() -> None:
            for at_ns in range(1, 201):
                feed.put(sample(at_ns))
                taken.acquire(timeout=10)

        thread = threading.Thread(target=put)
        thread.start()
        seen = 0
        with anyio.fail_after(10):
            while seen < 200:
                got = await feed.next_after(seen)
                assert got.latest_ns == seen + 1
                seen = got.latest_ns
                taken.release()
        thread.join()

    clock.run(main)
