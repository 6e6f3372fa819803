"""
Waiting for what a board will say by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

import anyio

from ..board.unsolicited import BoardEvent
from ..errors import DeviceError

Listener = Callable[[BoardEvent], None]


class Events:
    """
    Everything that a board says by itself, told to whoever listens, on the event loop.
    """

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> None:
        """
        Calls `listener` with every event from now on.
        """
        self._listeners.append(listener)

    def unsubscribe(self, listener: Listener) -> None:
        """
        Calls it no more.
        """
        self._listeners.remove(listener)

    def tell(self, event: BoardEvent) -> None:
        """
        Tells every listener.
        """
        for listener in tuple(self._listeners):
            listener(event)


class Speaker(Protocol):
    """
    Who speaks: a board by its name, and what keeps it from going on, if anything does.
    """

    name: str
    trouble: str
    events: Events
    troubled: anyio.Event


class Ear:
    """
    Listens from entering to leaving, so that nothing is missed between asking a board for something and its event.
    """

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self._heard: list[BoardEvent] = []
        self._changed = anyio.Event()

    def __enter__(self) -> Self:
        self._speaker.events.subscribe(self._take)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._speaker.events.unsubscribe(self._take)

    def heard(self) -> list[BoardEvent]:
        """
        Everything so far, oldest first.
        """
        return list(self._heard)

    async def first(self, wanted: Callable[[BoardEvent], bool], within_s: float, what: str) -> BoardEvent:
        """
        The first event that is wanted. Raises DeviceError when the board is in trouble, or it does not come in time.
        """
        with anyio.move_on_after(within_s):
            while not self._speaker.trouble:
                found = next((event for event in self._heard if wanted(event)), None)
                if found is not None:
                    return found
                self._changed = anyio.Event()
                await _either(self._changed, self._speaker.troubled)
        problem = self._speaker.trouble or f"did not say within {within_s:.3g} s that {what}"
        raise DeviceError(self._speaker.name, problem)

    def _take(self, event: BoardEvent) -> None:
        self._heard.append(event)
        self._changed.set()


async def _either(one: anyio.Event, other: anyio.Event) -> None:
    async with anyio.create_task_group() as tasks:

        async def wait(event: anyio.Event) -> None:
            await event.wait()
            tasks.cancel_scope.cancel()

        tasks.start_soon(wait, one)
        tasks.start_soon(wait, other)
