"""
A call that matters has a deadline; one that restores is made again and again, whoever would rather be gone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio
import pytest

from harness import clock
from harness.errors import BenchError, DeviceError
from harness.insist import ATTEMPTS, CALL_S, FIRST_PAUSE_S, answered, insist, patience, reading_s

S = clock.NS_PER_S


class Restore:
    """
    A restore that fails a number of times, or hangs instead.
    """

    def __init__(self, failures: int, error: Exception | None = None) -> None:
        self._failures, self._error = failures, error
        self.made_ns: list[int] = []

    async def __call__(self) -> str:
        self.made_ns.append(clock.now_ns())
        if len(self.made_ns) <= self._failures:
            if self._error is None:
                await anyio.sleep_forever()
            else:
                raise self._error
        await anyio.sleep(0.001)
        return "done"


def run(main: Callable[[], Awaitable[object]]) -> object:
    """
    What an async function returns in virtual time.
    """
    return clock.run(main, virtual=True)


def test_what_answers_in_time_is_returned() -> None:
    assert run(lambda: answered("mains", Restore(0))) == "done"


def test_what_does_not_is_a_device_error() -> None:
    with pytest.raises(DeviceError, match=r"mains: did not answer within 0\.5 s"):
        run(lambda: answered("mains", Restore(1), 0.5))


def test_of_many_calls_each_has_its_time_and_the_one_that_hangs_at_most_twice_that() -> None:
    hung_ns = 0

    async def main() -> None:
        nonlocal hung_ns
        with patience("monitor", 0.5) as again:
            for _ in range(20):
                again()
                await anyio.sleep(0.49)
            again()
            hung_ns = clock.now_ns()
            try:
                await anyio.sleep_forever()
            finally:
                hung_ns = clock.now_ns() - hung_ns

    with pytest.raises(DeviceError, match=r"monitor: did not answer within 0\.5 s"):
        run(main)
    assert 0.5 * S <= hung_ns <= 1.0 * S


def test_a_deadline_of_many_calls_leaves_a_cancellation_from_outside_alone() -> None:
    async def main() -> str:
        with anyio.move_on_after(0.2), patience("monitor", 0.5) as again:
            again()
            await anyio.sleep_forever()
        return "left"

    assert run(main) == "left"


def test_a_meter_has_its_own_periods_beside_the_deadline() -> None:
    assert reading_s(0.0) == CALL_S
    assert reading_s(10.0) == CALL_S + 40.0


@pytest.mark.parametrize("failures", range(ATTEMPTS))
def test_a_restore_is_tried_again_with_doubling_pauses(failures: int) -> None:
    restore = Restore(failures, DeviceError("mains", "no"))
    assert run(lambda: insist("mains", restore)) == "done"
    pauses = [round((2**n - 1) * FIRST_PAUSE_S * S) for n in range(failures + 1)]
    assert restore.made_ns == pauses


def test_the_last_error_comes_out() -> None:
    restore = Restore(ATTEMPTS, BenchError("no"))
    with pytest.raises(BenchError, match="no"):
        run(lambda: insist("mains", restore))
    assert len(restore.made_ns) == ATTEMPTS


def test_a_restore_that_hangs_is_tried_again_as_well() -> None:
    restore = Restore(2)
    assert run(lambda: insist("mains", restore)) == "done"
    assert len(restore.made_ns) == 3


def test_a_bug_is_not_tried_again() -> None:
    restore = Restore(1, KeyError("a bug"))
    with pytest.raises(KeyError):
        run(lambda: insist("mains", restore))
    assert len(restore.made_ns) == 1


def test_a_cancellation_waits_until_it_is_done() -> None:
    restore = Restore(2, DeviceError("mains", "no"))
    done: list[str] = []

    async def main() -> None:
        with anyio.move_on_after(0.001) as impatience:
            done.append(await insist("mains", restore))
            await anyio.sleep(1)
        assert impatience.cancelled_caught

    run(main)
    assert done == ["done"]
