"""
A restore that is tried once is a restore that may not have happened.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from .errors import BenchError

T = TypeVar("T")

ATTEMPTS = 4
FIRST_PAUSE_S = 0.02


async def insist(action: Callable[[], Awaitable[T]]) -> T:
    """
    Carries out `action` under a shield, trying again with doubling pauses. Raises its last BenchError.
    """
    attempt, pause_s = 1, FIRST_PAUSE_S
    with anyio.CancelScope(shield=True):
        while True:
            try:
                return await action()
            except BenchError:
                if attempt == ATTEMPTS:
                    raise
            await anyio.sleep(pause_s)
            attempt, pause_s = attempt + 1, 2 * pause_s
    raise AssertionError("a shielded scope is never cancelled")
