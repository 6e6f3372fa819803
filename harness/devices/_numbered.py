"""
What comes to a device by itself, numbered, for as many listeners as there are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Generic, TypeVar

import anyio

from ..errors import DeviceError

T = TypeVar("T")


class Numbered(Generic[T]):
    """
    The last `keep` items that came, each with its number from 0 up. For one event loop; `append` from there alone.
    """

    def __init__(self, device: str, keep: int) -> None:
        self._device = device
        self._kept: deque[T] = deque(maxlen=keep)
        self.count = 0
        """How many have come."""
        self.trouble = ""
        """Why no more will come; empty while all is well."""
        self._came = anyio.Event()

    def append(self, item: T) -> None:
        """
        Takes what has just come.
        """
        self._kept.append(item)
        self.count += 1
        self._wake()

    def fail(self, trouble: str) -> None:
        """
        Nothing more will come: whoever waits is told so.
        """
        self.trouble = self.trouble or trouble
        self._wake()

    def since(self, number: int) -> tuple[int, Sequence[T]]:
        """
        Everything from that number on, and the number of the next one. Raises DeviceError when some of it is forgotten,
        or there is trouble.
        """
        if self.trouble:
            raise DeviceError(self._device, self.trouble)
        first = self.count - len(self._kept)
        if number < first:
            raise DeviceError(self._device, f"remembers its last {len(self._kept)} only; ask sooner")
        return self.count, list(islice(self._kept, number - first, None))

    async def more(self, number: int) -> None:
        """
        Waits until the one of that number has come. Raises DeviceError when none will.
        """
        while self.count <= number and not self.trouble:
            await self._came.wait()
        if self.trouble:
            raise DeviceError(self._device, self.trouble)

    def _wake(self) -> None:
        self._came.set()
        self._came = anyio.Event()
