"""
The sleeps of a drill: recorded from a real run, and done again by tasks that do nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio
from _sim import run

from harness import clock
from harness.model.drill import DrillSpec
from harness.model.event import Event, Kind

# For each trial, for each of its tasks: how long it slept, each time, in seconds.
Sleeps = list[list[list[float]]]


class Recorder:
    """
    Writes down how long each task sleeps in each trial: as long as it did, if it was woken early.
    """

    def __init__(self) -> None:
        self._trials: dict[int, dict[object, list[float]]] = {}
        self._trial = 0

    def listen(self, event: Event) -> None:
        """
        Turns to the next trial when it starts.
        """
        if event.kind is Kind.TRIAL_STARTED and event.trial is not None:
            self._trial = event.trial

    @contextmanager
    def recording(self) -> Iterator[None]:
        """
        Listens at the door through which all of the package sleeps.
        """
        sleeps = anyio.sleep, anyio.sleep_forever
        anyio.sleep, anyio.sleep_forever = (self._recorded(sleep) for sleep in sleeps)
        try:
            yield
        finally:
            anyio.sleep, anyio.sleep_forever = sleeps

    def sleeps(self) -> Sleeps:
        """
        What was written down.
        """
        return [list(tasks.values()) for tasks in self._trials.values()]

    def _recorded(self, sleep: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def recorded(*args: Any) -> None:
            task = asyncio.current_task()
            assert task is not None
            start_ns = clock.now_ns()
            try:
                await sleep(*args)
            finally:
                slept = self._trials.setdefault(self._trial, {}).setdefault(task, [])
                slept.append((clock.now_ns() - start_ns) / clock.NS_PER_S)

        return recorded


def sleeps_of(drill: DrillSpec, trials: int) -> Sleeps:
    """
    Every sleep of one real run.
    """
    recorder = Recorder()
    with recorder.recording():
        run(drill, trials=trials, emit=recorder.listen)
    return recorder.sleeps()


def sleep_again(sleeps: Sleeps) -> None:
    """
    The bare loop: the same sleeps in as many tasks, on the same virtual loop, trial after trial.
    """

    async def task(lengths_s: list[float]) -> None:
        for length_s in lengths_s:
            await anyio.sleep(length_s)

    async def main() -> None:
        for trial in sleeps:
            async with anyio.create_task_group() as tasks:
                for lengths_s in trial:
                    tasks.start_soon(task, lengths_s)

    clock.run(main, virtual=True)
