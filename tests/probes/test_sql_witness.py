"""
No write is lost that a database acknowledged.
"""

from __future__ import annotations

import re
from typing import Any

import anyio
import pytest

from harness import clock
from harness.errors import UsageError
from harness.model.drill import ProbeSpec
from harness.probes.sql_witness import SqlWitness
from harness.protocols import NoAnswer
from tests.faults.batteries import Cast


class Server:
    """
    A server of a cluster, with rows of its own; a standby refuses to write. `answers` False: what it is asked is done,
    but nobody hears of it.
    """

    def __init__(self, name: str, rows: set[int], *, is_primary: bool = False) -> None:
        self.name, self.rows, self.is_primary, self.is_up, self.answers = name, rows, is_primary, True, True
        self.asked = 0

    async def open(self) -> None: ...

    async def aclose(self) -> None: ...

    async def query(self, statement: str, *, timeout_s: float) -> list[tuple[Any, ...]]:
        self.asked += 1
        if not self.is_up:
            raise NoAnswer("refused")
        if not self.is_primary:
            raise NoAnswer("read-only transaction")
        if "CREATE" in statement:
            return []
        (number,) = re.findall(r"', (\d+)\) RETURNING", statement)
        left_out = {int(word) for part in re.findall(r"NOT IN \(([^)]*)\)", statement) for word in part.split(",")}
        count = len({row for row in self.rows if row < int(number)} - left_out)
        self.rows.add(int(number))
        if not self.answers:
            await anyio.sleep(timeout_s)
            raise NoAnswer("timed out")
        return [(count, int(number))]


class Pair:
    """
    A primary and a standby that has all it has, and the probe that writes to them.
    """

    def __init__(self, **config: Any) -> None:
        rows: set[int] = set()
        self.first, self.second = Server("a", rows, is_primary=True), Server("b", rows)
        spec = ProbeSpec(
            name="it's",
            kind="sql_witness",
            role="one.sql",
            period_s=1,
            timeout_s=2.0,
            config=SqlWitness.Config(others=("two.sql",), **config),
        )
        self.probe = SqlWitness(spec, Cast(one__sql=self.first, two__sql=self.second))

    async def writes(self, count: int) -> None:
        for _ in range(count):
            assert await self.probe.ask()

    async def is_silent(self) -> None:
        with pytest.raises(NoAnswer):
            await self.probe.ask()

    def fail_over(self) -> None:
        self.first.is_up = False
        self.second.is_primary = True

    def told(self) -> tuple[float, ...]:
        """
        Lost, acknowledged, and unanswered.
        """
        return tuple(self.probe.measured().values())


def play(main: Any) -> None:
    clock.run(main, virtual=True)


def test_writes_go_to_whoever_takes_them_and_to_him_first_from_then_on() -> None:
    async def main() -> None:
        pair = Pair()
        await pair.writes(3)
        pair.fail_over()
        await pair.writes(3)
        assert pair.told() == (0, 6, 1)
        asked = pair.first.asked
        await pair.writes(3)
        assert pair.first.asked == asked

    play(main)


def test_a_write_that_was_acknowledged_and_is_gone_is_a_loss() -> None:
    async def main() -> None:
        pair = Pair()
        await pair.writes(5)
        pair.second.rows = set(sorted(pair.first.rows)[:3])
        pair.fail_over()
        await pair.writes(4)
        assert pair.told() == (2, 9, 1)

    play(main)


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_write_that_nobody_acknowledged_may_be_there_or_not(is_kept: bool) -> None:
    async def main() -> None:
        pair = Pair()
        await pair.writes(2)
        pair.first.answers = False
        await pair.is_silent()
        if not is_kept:
            pair.first.rows.remove(max(pair.first.rows))
        pair.first.answers = True
        await pair.writes(2)
        assert pair.told() == (0, 4, 1)

    play(main)


def test_a_write_that_is_cut_off_by_the_trials_end_may_be_there_but_is_not_unanswered() -> None:
    async def main() -> None:
        pair = Pair()
        await pair.writes(2)
        pair.first.answers = False
        with anyio.move_on_after(0.1):
            await pair.probe.ask()
        pair.first.answers = True
        assert pair.told() == (0, 2, 0)
        await pair.writes(1)
        assert pair.told() == (0, 3, 0)

    play(main)


def test_what_was_not_answered_before_the_steady_state_does_not_count() -> None:
    async def main() -> None:
        pair = Pair()
        await pair.writes(1)
        pair.first.answers = False
        await pair.is_silent()
        assert pair.told() == (0, 1, 1)
        pair.probe.arm()
        assert pair.told() == (0, 1, 0)

    play(main)


def test_nobody_who_takes_a_write_is_silence_in_time() -> None:
    async def main() -> None:
        pair = Pair(each_s=5.0)
        await pair.writes(1)
        pair.first.answers = False
        began_ns = clock.now_ns()
        await pair.is_silent()
        assert clock.now_ns() - began_ns < 2e9
        assert pair.told()[:2] == (0, 1)

    play(main)


@pytest.mark.parametrize("config", [{"table": "a; DROP TABLE b"}, {"table": ""}, {"each_s": 0.0}])
def test_what_cannot_be_is_the_callers_mistake(config: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        SqlWitness.Config(**config)
