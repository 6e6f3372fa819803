"""
Asking a device for something that matters: never without a deadline, and a restore never only once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import anyio

from .errors import BenchError, DeviceError

T = TypeVar("T")

ATTEMPTS = 4
FIRST_PAUSE_S = 0.02

# A device has a deadline of its own, of a second, around each call into its library. This one is for a device that
# does not keep it, so that nothing waits for ever while a DUT is in the dark.
CALL_S = 2.0

# A meter may need a few of its periods before it says that it makes no readings any more.
_READ_PERIODS = 4


def reading_s(period_s: float) -> float:
    """
    How long a meter whose readings take `period_s` may take for one, in seconds.
    """
    return CALL_S + _READ_PERIODS * period_s


async def answered(device: str, action: Callable[[], Awaitable[T]], within_s: float = CALL_S) -> T:
    """
    What `action`, a call to the device of that name, returns. Raises DeviceError when it takes longer than `within_s`.
    """
    with anyio.move_on_after(within_s):
        return await action()
    raise DeviceError(device, f"did not answer within {within_s:g} s")


@contextmanager
def patience(device: str, within_s: float) -> Iterator[Callable[[], None]]:
    """
    The deadline of calls to the device of that name that follow one upon the other; yields what is to be called before
    each. Raises DeviceError when one takes longer than `within_s`, at most twice as long: a timer for each would cost a
    quarter of what a reading does.
    """
    with anyio.move_on_after(2 * within_s) as scope:

        def again() -> None:
            now_s = anyio.current_time()
            if scope.deadline < now_s + within_s:
                scope.deadline = now_s + 2 * within_s

        yield again
        return
    raise DeviceError(device, f"did not answer within {within_s:g} s")


async def insist(device: str, action: Callable[[], Awaitable[T]]) -> T:
    """
    Carries out `action` under a shield, trying again with doubling pauses. Raises its last BenchError.
    """
    attempt, pause_s = 1, FIRST_PAUSE_S
    with anyio.CancelScope(shield=True):
        while True:
            try:
                return await answered(device, action)
            except BenchError:
                if attempt == ATTEMPTS:
                    raise
            await anyio.sleep(pause_s)
            attempt, pause_s = attempt + 1, 2 * pause_s
    raise AssertionError("a shielded scope is never cancelled")
