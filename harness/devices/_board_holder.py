"""
The device that holds a board, as the devices on its pins ask it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from ..board.answers import Edge, Identity
from ..board.client import Board
from ..model.instant import Instant
from ._board_ear import Ear, Events

T = TypeVar("T")


class Holder(Protocol):
    """
    A board that is open. Everything raises DeviceError; all but `release` do so while the board is in trouble.
    """

    name: str
    trouble: str
    events: Events

    def info(self) -> Identity:
        """
        Who it said it is.
        """

    def safe_level(self, output: int) -> int:
        """
        The level that the firmware declares safe for an output.
        """

    async def call(self, ask: Callable[[Board], T]) -> T:
        """
        What `ask` returns of the board.
        """

    async def timed(self, ask: Callable[[Board], int]) -> Instant:
        """
        When something happened that `ask` had the board do, and that it answered with its ticks.
        """

    def instant(self, ticks_us: int, boot_id: int | None = None) -> Instant:
        """
        Board ticks on the bench clock.
        """

    def stamped(self, ticks_us: int, boot_id: int | None = None) -> Instant:
        """
        When something happened that the board stamped with these ticks, just after it.
        """

    def ear(self) -> Ear:
        """
        Listens to the board's own events while it is entered.
        """

    async def watch(self, line: int, edges: Edge) -> None:
        """
        Has the edges of an input line reported.
        """

    async def release(self, output: int) -> None:
        """
        Puts one output to its safe level, or sees that it is there.
        """
