"""
What comes to the bench by itself: alerts, lines of a console, edges. And the probes that wait for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

from ..model.alert import HeardAlert
from ..model.instant import Instant
from .parts import Device


@runtime_checkable
class AlertSource(Device, Protocol):
    """
    Where somebody's monitoring sends its alerts.
    """

    def standing(self) -> tuple[int, Sequence[HeardAlert]]:
        """
        The alerts that fire now, each as it came when it began to, and the number of the next one to come. Raises
        DeviceError.
        """

    def since(self, number: int) -> tuple[int, Sequence[HeardAlert]]:
        """
        What came from the alert of that number on, firing or resolved, and the number of the next one to come. Raises
        DeviceError, also when some of it is not remembered any more.
        """

    async def more(self, number: int) -> None:
        """
        Waits until the alert of that number has come. Raises DeviceError.
        """


@runtime_checkable
class Taker(Protocol):
    """
    An alert source that also takes what others have received for it.
    """

    def take(self, notification: Mapping[str, Any], at: Instant) -> None:
        """
        Takes a notification that came at that moment. Raises ValueError for what is none.
        """


class Chunk(NamedTuple):
    """
    Bytes of a console that were read at once. None of them had come at the earliest end of `at`.
    """

    at: Instant
    data: bytes


@runtime_checkable
class Console(Device, Protocol):
    """
    What a DUT says on its serial console.
    """

    count: int
    """How many chunks have come since it was opened."""

    def since(self, number: int) -> tuple[int, Sequence[Chunk]]:
        """
        What came from the chunk of that number on, and the number of the next one to come. Raises DeviceError when some
        of it is not remembered any more, or it cannot be listened to.
        """

    async def more(self, number: int) -> None:
        """
        Waits until the chunk of that number has come. Raises DeviceError.
        """


@runtime_checkable
class EdgeCounter(Device, Protocol):
    """
    Counts and stamps the edges of a line.
    """

    async def since(self, at: Instant) -> list[tuple[Instant, int]]:
        """
        Every edge that may have come at that moment or after it, and the level it led to. Raises DeviceError when some
        were lost.
        """


@runtime_checkable
class Announced(Protocol):
    """
    A probe of something that comes by itself, as an alert does: to be waited for, and not only asked about.
    """

    def attend(self) -> str:
        """
        What comes from now on is waited for; returns in words what stands already, empty while all is quiet. Raises
        DeviceError.
        """

    async def announced(self) -> Instant:
        """
        Waits for what comes since `attend`; returns when it came. Raises DeviceError.
        """
