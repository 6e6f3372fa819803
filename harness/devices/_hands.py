"""
The board that a device is a part of.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar, runtime_checkable

from ..board.client import Board
from ..errors import UsageError
from ..protocols import Wiring

T = TypeVar("T")


@runtime_checkable
class Hands(Protocol):
    """
    A device that holds a board for others.
    """

    async def call(self, call: Callable[[Board], T], /) -> T:
        """
        What `call(board)` returns, made when it is its turn. Raises DeviceError, also while the board is in trouble.
        """

    async def rescue(self, call: Callable[[Board], T], /) -> T:
        """
        The same whatever trouble the board is in: for ways to safety alone. Raises DeviceError.
        """


def hands(wiring: Wiring, board: str) -> Hands:
    """
    The rig's board of that name. Raises UsageError when there is none, or when it is another kind of device.
    """
    found = wiring.device(board)
    if not isinstance(found, Hands):
        raise UsageError(f"'{board}' is no board; name a device of kind 'board'", key="board")
    return found
