"""
Idempotency keys: one key, one run.
"""

from __future__ import annotations

import anyio
import pytest

from harness import clock
from harness.errors import BenchError, UsageError
from harness.host.keys import Keys
from harness.host.schemas import RunOrder

ORDER = RunOrder(drill="control")


class Starts:
    """
    Counts starts; each takes a second, and the first ones may fail.
    """

    def __init__(self, failures: int = 0) -> None:
        self.count, self.failures = 0, failures

    async def __call__(self, order: RunOrder) -> str:
        self.count += 1
        number = self.count
        await anyio.sleep(1)
        if number <= self.failures:
            raise BenchError("not now")
        return f"run-{number}"


def test_the_same_key_gets_the_same_run() -> None:
    async def main() -> None:
        keys, starts = Keys(), Starts()
        assert [await keys.once("k", ORDER, starts) for _ in range(3)] == ["run-1"] * 3
        assert await keys.once("other", ORDER, starts) == "run-2"

    clock.run(main, virtual=True)


def test_two_at_the_same_time_start_one() -> None:
    async def main() -> None:
        keys, starts, got = Keys(), Starts(), []

        async def ask() -> None:
            got.append(await keys.once("k", ORDER, starts))

        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(ask)
        assert (got, starts.count) == (["run-1"] * 5, 1)

    clock.run(main, virtual=True)


def test_the_same_key_for_another_order_is_a_mistake() -> None:
    async def main() -> None:
        keys, starts = Keys(), Starts()
        await keys.once("k", ORDER, starts)
        with pytest.raises(UsageError, match="used for another request"):
            await keys.once("k", RunOrder(drill="control", seed=2), starts)
        assert starts.count == 1

    clock.run(main, virtual=True)


def test_what_failed_may_be_tried_again_also_by_who_waited_for_it() -> None:
    async def main() -> None:
        keys, starts, got = Keys(), Starts(failures=1), []

        async def ask() -> None:
            try:
                got.append(await keys.once("k", ORDER, starts))
            except BenchError:
                got.append("failed")

        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(ask)
        assert got == ["failed", "run-2", "run-2"]

    clock.run(main, virtual=True)


def test_a_thousand_keys_are_remembered() -> None:
    async def main() -> None:
        keys, starts = Keys(), Starts()
        for number in range(1001):
            await keys.once(str(number), ORDER, starts)
        assert await keys.once("1", ORDER, starts) == "run-2"
        assert await keys.once("0", ORDER, starts) == "run-1002"

    clock.run(main, virtual=True)
