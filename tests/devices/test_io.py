"""
Calls into blocking libraries, in real threads: each has a deadline, and none overtakes another.
"""

from __future__ import annotations

import threading

import anyio
import pytest

from harness import clock
from harness.devices._io import Blocking, _Job
from harness.errors import DeviceError


def test_what_a_call_returns_and_raises_comes_back() -> None:
    async def main() -> None:
        blocking = Blocking("relay")
        assert await blocking.call(divmod, 7, 2) == (3, 1)
        with pytest.raises(ZeroDivisionError):
            await blocking.call(divmod, 7, 0)
        # A stuck bus reports ETIMEDOUT, which Python makes a TimeoutError: that is an answer, not our deadline.
        with pytest.raises(TimeoutError):
            await blocking.call(_raise, TimeoutError(110, "Connection timed out"))

    clock.run(main)


def test_in_virtual_time_there_are_no_threads() -> None:
    async def main() -> None:
        assert await Blocking("relay").call(threading.current_thread) is threading.current_thread()

    clock.run(main, virtual=True)


def test_in_real_time_the_loop_is_not_held_up() -> None:
    async def main() -> None:
        assert await Blocking("relay").call(threading.current_thread) is not threading.current_thread()

    clock.run(main)


def test_a_call_that_hangs_is_a_device_error_and_so_is_the_next() -> None:
    hung = threading.Event()
    made: list[str] = []

    async def main() -> None:
        blocking = Blocking("relay", timeout_s=0.02)
        with pytest.raises(DeviceError, match=r"relay: did not answer within 0\.02 s"):
            await blocking.call(hung.wait)
        with pytest.raises(DeviceError):
            await blocking.call(made.append, "too late")
        hung.set()
        await Blocking("relay").call(int)
        # The line is free again, and what was given up is never made.
        await Blocking("relay", timeout_s=1.0).call(made.append, "on another")
        assert await _retried(blocking) == 7

    clock.run(main)
    assert made == ["on another"]


async def _retried(blocking: Blocking) -> int:
    for _ in range(50):
        try:
            return await blocking.call(int, "7")
        except DeviceError:
            continue
    return 0


def test_a_cancellation_waits_for_a_call_that_has_begun() -> None:
    order: list[str] = []
    begun, go = threading.Event(), threading.Event()

    def off() -> None:
        begun.set()
        go.wait(1)
        order.append("off")

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(Blocking("relay").call, off)
            await anyio.to_thread.run_sync(begun.wait)
            tasks.cancel_scope.cancel()
            threading.Timer(0.02, go.set).start()
        # Only now may an "on" be asked for: the "off" cannot come after it.
        assert order == ["off"]

    clock.run(main)


def test_a_call_that_was_given_up_before_its_turn_is_never_made() -> None:
    made: list[str] = []
    job = _Job(threading.Lock(), 1.0, lambda: made.append("too late"))
    job.is_abandoned = True
    job.run()
    assert made == []


def _raise(error: Exception) -> None:
    raise error
