"""
Calls into blocking libraries: off the event loop, one at a time for a device, each with our own deadline.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar, TypeVarTuple

import anyio
import anyio.to_thread

from .. import clock
from ..errors import DeviceError

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Blocking:
    """
    One device's calls into a blocking library.

    A call that has begun is not left by a cancellation: were it left, a late "off" could overtake the "on" that
    restores. It is left when its deadline passes, and then whatever comes later waits for it, or fails.
    """

    def __init__(self, device: str, timeout_s: float = 1.0) -> None:
        self._device = device
        self._timeout_s = timeout_s
        self._turn = threading.Lock()

    async def call(self, call: Callable[[*Ts], T], *args: *Ts) -> T:
        """
        What `call(*args)` returns or raises. In virtual time it is called directly: nothing there blocks.

        Raises DeviceError when it does not return in time.
        """
        if clock.is_virtual():
            return call(*args)
        job = _Job(self._turn, self._timeout_s, lambda: call(*args))
        with anyio.CancelScope(shield=True), anyio.move_on_after(self._timeout_s):
            await anyio.to_thread.run_sync(job.run, abandon_on_cancel=True)
        job.is_abandoned = True
        if job.result:
            return job.result[0]
        raise DeviceError(self._device, f"did not answer within {self._timeout_s:g} s")


class _Job(Generic[T]):
    """
    One call that waits for its device's turn; abandoned before its turn came, it is never made.
    """

    def __init__(self, turn: threading.Lock, timeout_s: float, call: Callable[[], T]) -> None:
        self._turn, self._timeout_s, self._call = turn, timeout_s, call
        self.is_abandoned = False
        self.result: list[T] = []

    def run(self) -> None:
        """
        Makes the call, in the thread it is run in, and keeps what it returned.
        """
        # No longer than anyone waits for it: a library that hangs for good must not gather threads behind it.
        if not self._turn.acquire(timeout=self._timeout_s):
            return
        try:
            if not self.is_abandoned:
                self.result.append(self._call())
        finally:
            self._turn.release()
