"""
Idempotency keys: who repeats a request, because its answer got lost, gets the answer and not a second run.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio

from ..errors import UsageError
from .schemas import RunOrder

# A lost answer is asked for again within minutes; a bench does not start a thousand runs meanwhile.
_REMEMBERED = 1000


@dataclass
class _Attempt:
    order: RunOrder
    decided: anyio.Event = field(default_factory=anyio.Event)
    run_id: str | None = None


class Keys:
    """
    The runs that were started under a key, for as long as the host lives. What failed to start may be tried again.
    """

    def __init__(self) -> None:
        self._attempts: OrderedDict[str, _Attempt] = OrderedDict()

    async def once(self, key: str, order: RunOrder, start: Callable[[RunOrder], Awaitable[str]]) -> str:
        """
        The id of the run that was started for `key`, now or before; at the same time, only one is.

        Raises UsageError when the key was used for another order, and whatever `start` raises.
        """
        while attempt := self._attempts.get(key):
            if attempt.order != order:
                raise UsageError(f"'{key}' was used for another request; make a new key", key="Idempotency-Key")
            await attempt.decided.wait()
            if attempt.run_id is not None:
                return attempt.run_id
        attempt = self._attempts[key] = _Attempt(order)
        try:
            attempt.run_id = await start(order)
        finally:
            if attempt.run_id is None:
                del self._attempts[key]
            attempt.decided.set()
            self._forget()
        return attempt.run_id

    def _forget(self) -> None:
        while len(self._attempts) > _REMEMBERED:
            self._attempts.popitem(last=False)
