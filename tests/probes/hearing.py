"""
What comes to the bench by itself, by a script: for probes that wait for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

import anyio

from harness.model.alert import Alert, HeardAlert
from harness.model.instant import Instant
from harness.protocols import Chunk

T = TypeVar("T")


class Played(Generic[T]):
    """
    Numbered items, as a device has them.
    """

    name = "played"

    def __init__(self, *items: T) -> None:
        self.items = list(items)
        self._came = anyio.Event()

    async def open(self) -> None: ...

    async def aclose(self) -> None: ...

    @property
    def count(self) -> int:
        return len(self.items)

    def come(self, item: T) -> None:
        self.items.append(item)
        self._came.set()
        self._came = anyio.Event()

    def since(self, number: int) -> tuple[int, Sequence[T]]:
        return len(self.items), self.items[number:]

    async def more(self, number: int) -> None:
        while len(self.items) <= number:
            await self._came.wait()


class PlayedAlerts(Played[HeardAlert]):
    """
    Alerts that come when a test says so.
    """

    def standing(self) -> tuple[int, Sequence[HeardAlert]]:
        firing: dict[str, HeardAlert] = {}
        for one in self.items:
            if one.alert.is_firing:
                firing.setdefault(one.alert.key, one)
            else:
                firing.pop(one.alert.key, None)
        return len(self.items), list(firing.values())


class PlayedConsole(Played[Chunk]):
    """
    Bytes that come when a test says so.
    """


def heard(name: str, at_ns: int, *, fires: bool = True, **labels: str) -> HeardAlert:
    """
    An alert that came within the millisecond before a moment.
    """
    alert = Alert(key=name + str(labels), is_firing=fires, labels={"alertname": name, **labels})
    return HeardAlert(alert=alert, at=Instant(at_ns - 10**6, at_ns))
