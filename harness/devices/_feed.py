"""
What a sampler takes of one meter, on its way to whoever waits for a reading.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import anyio

from ..model.trace import Sample

Wake = Callable[..., object]
"""`wake(call, *arguments)` has the event loop make a call soon, whichever thread asks for it."""


# A reader whose loop was held up for half a second at a kilohertz still finds what it missed.
_KEPT = 512


class Feed:
    """
    The newest samples of one meter, and those who wait for the next.

    Any thread may `put`, which costs next to nothing while nobody waits: the event loop is woken once for everybody.
    """

    def __init__(self, wake: Wake) -> None:
        self._wake = wake
        self._kept: deque[Sample] = deque(maxlen=_KEPT)
        self._arrived = anyio.Event()
        self._is_awaited = False

    def put(self, sample: Sample) -> None:
        """
        Takes the next sample.
        """
        self._kept.append(sample)
        if self._is_awaited:
            self._is_awaited = False
            self._wake(self._tell)

    async def next_after(self, after_ns: int) -> Sample:
        """
        The first sample that was complete after `after_ns` (nanoseconds), good or not, or the oldest that is still
        kept. The caller sets the deadline.
        """
        while True:
            # In this order: a sample that comes in between is seen here, or tells us.
            arrived, self._is_awaited = self._arrived, True
            if (sample := self._first(after_ns)) is not None:
                return sample
            await arrived.wait()

    def _first(self, after_ns: int) -> Sample | None:
        found = None
        # A copy, since the sampler's thread goes on.
        for sample in reversed(self._kept.copy()):
            if sample.latest_ns <= after_ns:
                break
            found = sample
        return found

    def _tell(self) -> None:
        arrived, self._arrived = self._arrived, anyio.Event()
        arrived.set()
