"""
A board on the real firmware, in this process, for the devices that are a part of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from harness import clock
from harness.board.client import Board
from harness.board.inprocess import InProcessBoard
from harness.config.data import data
from harness.errors import DeviceError

T = TypeVar("T")


class Pico:
    """
    A board in this process, as a device that others are part of, and the rig that holds it.
    """

    rig: Any = None

    def __init__(self) -> None:
        self.outside = InProcessBoard(
            firmware=data("firmware"), fixtures=data("fixtures") / "board", now_ns=clock.now_ns
        )
        self.board = Board(self.outside)
        self.board.hello()
        self.trouble = ""

    async def call(self, call: Callable[[Board], T], /) -> T:
        if self.trouble:
            raise DeviceError("pico", self.trouble)
        return call(self.board)

    async def rescue(self, call: Callable[[Board], T], /) -> T:
        return call(self.board)

    def device(self, name: str) -> Any:
        return self if name == "pico" else object()
