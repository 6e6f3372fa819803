"""
Edges on an input line of a board, counted and stamped by it: a unit's heartbeat pin, a rail's power-good.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import anyio

from .. import clock
from ..board.answers import Edge
from ..board.unsolicited import BoardEvent, Edges
from ..errors import DeviceError
from ..model.instant import Instant
from ..protocols import Wiring
from ._board_holder import Holder

_KINDS = {"rising": Edge.RISING, "falling": Edge.FALLING, "both": Edge.RISING | Edge.FALLING}

# From the board's interrupt to the host's event loop: milliseconds, on a busy machine more.
_ARRIVES_S = 1.0


class BoardEdges:
    """
    Counts and stamps the edges of one line since it was opened. An edge that was lost on the way, in the board's ring
    or on the wire, is never passed over: from then on every question raises DeviceError.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        `line` is the board's input, by its number in the firmware's pin table. The last `keep` stamps are remembered.
        """

        board: str
        line: int
        edges: Literal["rising", "falling", "both"] = "both"
        keep: int = 100_000

        def __post_init__(self) -> None:
            if self.line < 0:
                raise ValueError("line must be a number of the board's pin table, from 0 up")
            if self.keep < 1:
                raise ValueError("keep must be at least 1")

        def resources(self) -> tuple[str, ...]:
            """
            The line that it watches.
            """
            return (f"input {self.line} of board '{self.board}'",)

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        self.name, self.config, self._wiring = name, config, wiring
        self.lost = 0
        """How many edges of the board, of whatever line, never arrived."""
        self._board: Holder | None = None
        self._count = self._forgotten = 0
        self._stamps: deque[tuple[int, int]] = deque(maxlen=config.keep)
        # The number of the next edge, of all that the board logs, and how many of those its ring had lost before.
        self._next = 0
        self._lost_before = 0
        self._arrived = anyio.Event()

    async def open(self) -> None:
        """
        Has the board report the line's edges. Raises DeviceError.
        """
        board: Holder = self._wiring.device(self.config.board)
        status = await board.call(lambda asked: asked.status())
        self._lost_before, self._next = status.edges_lost, status.edges
        self.lost = self._count = self._forgotten = 0
        self._stamps.clear()
        board.events.subscribe(self._hear)
        self._board = board
        await board.watch(self.config.line, _KINDS[self.config.edges])

    async def aclose(self) -> None:
        """
        Listens no more.
        """
        if self._board is not None:
            self._board.events.unsubscribe(self._hear)
            self._board = None

    async def count(self) -> int:
        """
        How many edges there were since it was opened. Raises DeviceError when some were lost.
        """
        await self._catch_up()
        return self._count

    async def since(self, at: Instant) -> list[tuple[Instant, int]]:
        """
        Every edge that may have come at that moment or after it, and the level it led to. Raises DeviceError when some
        were lost, or are not remembered any more.
        """
        await self._catch_up()
        found = list(self._newest_until(at))
        if len(found) == len(self._stamps) and self._forgotten:
            raise DeviceError(self.name, f"remembers its last {self.config.keep} edges only; ask sooner, or keep more")
        return found[::-1]

    def _newest_until(self, at: Instant) -> Iterator[tuple[Instant, int]]:
        board = self._opened()
        for ticks_us, level in reversed(self._stamps):
            instant = board.stamped(ticks_us)
            if instant.latest_ns < at.earliest_ns:
                return
            yield instant, level

    async def _catch_up(self) -> None:
        """
        Waits until everything that the board has seen by now has arrived.
        """
        status = await self._opened().call(lambda board: board.status())
        until_ns = clock.now_ns() + round(_ARRIVES_S * clock.NS_PER_S)
        while self._next < status.edges:
            left_s = (until_ns - clock.now_ns()) / clock.NS_PER_S
            self._arrived = anyio.Event()
            with anyio.move_on_after(left_s) as patience:
                await self._arrived.wait()
            if patience.cancelled_caught:
                raise DeviceError(self.name, f"saw {self._next} of {status.edges} edges within {_ARRIVES_S:g} s")
        if self.lost or status.edges_lost > self._lost_before:
            lost = max(self.lost, status.edges_lost - self._lost_before)
            raise DeviceError(self.name, f"{lost} edge(s) of its board were lost: what came is not all there was")

    def _hear(self, event: BoardEvent) -> None:
        if not isinstance(event, Edges):
            return
        self.lost += max(0, event.first - self._next)
        self._next = max(self._next, event.first + len(event.edges))
        for edge in event.edges:
            if not edge.is_output and edge.line == self.config.line:
                self._count += 1
                self._forgotten += len(self._stamps) == self.config.keep
                self._stamps.append((edge.ticks_us, edge.level))
        self._arrived.set()

    def _opened(self) -> Holder:
        if self._board is None:
            raise DeviceError(self.name, "is not open")
        return self._board
