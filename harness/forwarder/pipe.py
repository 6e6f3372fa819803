"""
What is under way in one direction of a connection: pieces that arrive later, in their order.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from .shaping import Make
from .toxic import Fate, Toxic
from .turns import Speaks, turns

# Of what is under way so much is kept in memory; then whoever sends has to wait, as for a full pipe. A pipe of 100 ms
# at 300 Mbit/s holds that much.
_FULL_BYTES = 4 << 20

# A loop that waits by epoll does so for whole milliseconds, rounded up: late by half of one at the median. So much
# sooner it is asked.
_SOONER_S = 0.0005


class Pipe:
    """
    One direction. While nothing is done to it, it should not be asked: whoever receives writes straight on.

    `deliver(data)` is called for each piece when it is due, with None for the end of the stream; `strike(fate)` when
    the connection meets another fate than to pass; `crowded(is_full)` when there is too much under way, and when not
    any more; `emptied()` when it has become idle again.
    """

    __slots__ = (
        "_bytes",
        "_crowded",
        "_deliver",
        "_due_s",
        "_emptied",
        "_is_frozen",
        "_is_full",
        "_loop",
        "_make",
        "_queue",
        "_strike",
        "_timer",
        "_toxics",
        "_turns",
    )

    def __init__(
        self,
        deliver: Callable[[bytes | None], None],
        strike: Callable[[Fate], None],
        crowded: Callable[[bool], None],
        emptied: Callable[[], None],
    ) -> None:
        self._deliver, self._strike, self._crowded, self._emptied = deliver, strike, crowded, emptied
        self._loop = asyncio.get_running_loop()
        self._queue: deque[tuple[float, bytes | None]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._bytes, self._due_s = 0, 0.0
        self._is_full = self._is_frozen = False
        self._turns = turns("", is_new=False)
        self._toxics: tuple[Toxic, ...] = ()
        self._make: Make | None = None

    @property
    def is_idle(self) -> bool:
        """
        Whether nothing is done to what passes, and nothing is under way.
        """
        return self._make is None and not self._queue and not self._is_frozen

    def turn(self) -> None:
        """
        Something went the other way: what comes next is an answer to it.
        """
        self._turns.turn()

    def take(self, data: bytes) -> None:
        """
        Sends a piece on its way.
        """
        if self._make is not None and not self._toxics:
            self._toxics = self._make()
        is_answer, is_struck = self._turns.heard(data)
        due_s = now_s = self._loop.time()
        for toxic in self._toxics:
            if is_struck and (fate := toxic.fate()) is not Fate.PASSES:
                self._strike(fate)
                return
            data = toxic.altered(data)
            due_s = toxic.due_s(due_s, len(data), is_answer)
        self._due_s = due_s = max(self._due_s, due_s)
        if due_s <= now_s and not self._queue and not self._is_frozen:
            self._deliver(data)
            return
        self._queue.append((due_s, data))
        self._bytes += len(data)
        self._look()

    def end(self) -> None:
        """
        The stream's end, behind everything that is under way.
        """
        if self._queue or self._is_frozen:
            self._queue.append((self._due_s, None))
            self._look()
        else:
            self._deliver(None)

    def reshape(self, make: Make | None, *, is_new: bool = False, speaks: Speaks = "") -> None:
        """
        Has other things done to what comes from now on. What is under way arrives at once, when nothing is done any
        more. `speaks` is the protocol of whoever sends here.
        """
        self._turns = turns(speaks, is_new=is_new)
        self._make, self._toxics = make, ()
        if make is None and self._queue:
            self._due_s = 0.0
            self._queue = deque((0.0, data) for _, data in self._queue)
            self._wake()

    def freeze(self, is_frozen: bool) -> None:
        """
        Holds everything where it is, or lets it go on.
        """
        self._is_frozen = is_frozen
        self._wake()

    def close(self) -> None:
        """
        Drops what is under way.
        """
        self._queue.clear()
        self._bytes = 0
        self._stop()

    def _wake(self) -> None:
        self._stop()
        self._flow()

    def _flow(self) -> None:
        """
        Delivers what is due, and sees to it that the rest will be.
        """
        self._timer = None
        by_s = self._loop.time() + _SOONER_S
        while self._queue and self._queue[0][0] <= by_s and not self._is_frozen:
            _, data = self._queue.popleft()
            self._bytes -= len(data or b"")
            self._deliver(data)
        self._look()
        if self.is_idle:
            self._emptied()

    def _look(self) -> None:
        if self._queue and self._timer is None and not self._is_frozen:
            self._timer = self._loop.call_at(self._queue[0][0] - _SOONER_S, self._flow)
        is_full = self._bytes > _FULL_BYTES
        if is_full is not self._is_full:
            self._is_full = is_full
            self._crowded(is_full)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
