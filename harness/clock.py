"""
The bench's one time base: `CLOCK_MONOTONIC` nanoseconds when time is real, the loop's time when it is virtual.

Nothing else in the package reads a clock. Wall time is one anchor per run, and is only ever printed.
"""

from __future__ import annotations

import asyncio
import math
import selectors
import time
from collections.abc import Awaitable, Callable
from contextvars import Context
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar, TypeVarTuple

import anyio

NS_PER_S = 1_000_000_000

# The kernel may slew CLOCK_MONOTONIC by at most 500 ppm (adjtimex(2), MAXFREQ), and reading the two clocks one after
# the other costs well under a millisecond: what differs by more was a step.
_SLEW_LIMIT = 500e-6
_STEP_FLOOR_NS = 10_000_000

# Up to 48 days a float tells one nanosecond from the next. Beyond, asyncio would add its resolution to no effect, and
# wait for ever for a moment that is now.
_FLOAT_HOLDS_S = 2**22

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class _JumpingSelector(selectors.SelectSelector):
    """
    Waits for nothing: a timeout is time that has passed.
    """

    now_ns = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("virtual time stands still: every task waits for something that no task will do")
        if timeout > 0:
            self.now_ns += round(timeout * NS_PER_S)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """
    An asyncio loop whose clock jumps to the next deadline. It starts at 0, so that the same run gives the same bytes.

    It counts whole nanoseconds, and every timer is put on the next one: a timer that fired a fraction of a nanosecond
    before its float deadline would be set again by whoever asked for it, at a moment that never passes.
    """

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)
        # asyncio fires what is due within its clock's resolution: half a tick, so that only this tick's is.
        self._clock_resolution = 0.5 / NS_PER_S

    def time(self) -> float:
        now_s = self._jumping.now_ns / NS_PER_S
        if now_s > _FLOAT_HOLDS_S:
            self._clock_resolution = math.ulp(now_s)
        return now_s

    def now_ns(self) -> int:
        return self._jumping.now_ns

    def spend(self, ns: int) -> None:
        """
        Lets so many nanoseconds pass in the midst of a call, as for one that waits for its hardware.
        """
        self._jumping.now_ns += ns

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        if when == math.inf:  # a sleep for ever: nothing that time could jump to
            return asyncio.TimerHandle(when, callback, args, self, context)
        tick = round(when * NS_PER_S)
        if tick / NS_PER_S < when:
            tick += 1
        return super().call_at(tick / NS_PER_S, callback, *args, context=context)


def now_ns() -> int:
    """
    Nanoseconds on the bench clock.
    """
    # Not get_running_loop: in a sampler's thread, where there is none, its exception costs three times the reading.
    loop = asyncio._get_running_loop()
    return loop.now_ns() if isinstance(loop, VirtualLoop) else time.monotonic_ns()


def source() -> Callable[[], int]:
    """
    What `now_ns` asks here: for who asks thousands of times a second, and keeps to one loop, or to real time.
    """
    loop = asyncio._get_running_loop()
    return loop.now_ns if isinstance(loop, VirtualLoop) else time.monotonic_ns


def spend(ns: int) -> None:
    """
    Lets virtual time pass in the midst of a call, as for one that waits for its hardware; real time passes by itself.
    """
    loop = asyncio._get_running_loop()
    if isinstance(loop, VirtualLoop):
        loop.spend(ns)


def is_virtual() -> bool:
    """
    Whether the running loop's time is virtual.
    """
    return isinstance(asyncio._get_running_loop(), VirtualLoop)


async def sleep_until(at_ns: int) -> None:
    """
    Sleeps until the bench clock shows at least `at_ns`; a time that has passed is a checkpoint.
    """
    await anyio.sleep(max(0, at_ns - now_ns()) / NS_PER_S)


def alarm(at_ns: int, ring: Callable[[*Ts], object], *args: *Ts) -> asyncio.TimerHandle:
    """
    Has `ring(*args)` called once the bench clock shows at least `at_ns`, unless the returned handle is cancelled.

    For deadlines that are mostly not reached: a task that sleeps until each costs several times as much.
    """
    return asyncio.get_running_loop().call_at(at_ns / NS_PER_S, ring, *args)


def run(main: Callable[[*Ts], Awaitable[T]], *args: *Ts, virtual: bool = False) -> T:
    """
    Runs `main(*args)` on asyncio, in virtual time if asked.
    """
    options = {"loop_factory": VirtualLoop} if virtual else {}
    return anyio.run(main, *args, backend="asyncio", backend_options=options)


@dataclass(frozen=True, slots=True)
class Anchor:
    """
    One pairing of wall time with the bench clock.
    """

    wall_ns: int
    at_ns: int

    @classmethod
    def take(cls) -> Anchor:
        """
        Pairs the two clocks now.
        """
        return cls(time.time_ns(), now_ns())  # noqa: TID251 - the one place where the wall is looked at

    @classmethod
    def from_seed(cls, seed: int) -> Anchor:
        """
        The anchor of a run in virtual time: a fixed day, moved by the seed in whole seconds (at most one day).
        """
        start = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=seed % 86_400)
        return cls(int(start.timestamp()) * NS_PER_S, now_ns())

    def wall(self, at_ns: int) -> datetime:
        """
        The wall time (UTC) at which the bench clock showed `at_ns`, counted from this anchor.
        """
        ns = self.wall_ns + at_ns - self.at_ns
        return datetime.fromtimestamp(ns // NS_PER_S, UTC) + timedelta(microseconds=ns % NS_PER_S // 1000)

    def stepped_ns(self, later: Anchor) -> int | None:
        """
        By how many nanoseconds the wall clock was stepped between this anchor and a later one; None if it was not.
        """
        passed = later.at_ns - self.at_ns
        step = later.wall_ns - self.wall_ns - passed
        return step if abs(step) > _STEP_FLOOR_NS + _SLEW_LIMIT * passed else None
