"""
The reset line on a board's output, by what the unit behind it is told.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import anyio
import pytest

from harness import clock
from harness.devices.board_reset import BoardReset
from harness.errors import DeviceError
from harness.model.train import Train
from harness.protocols import ResetLine, TrainLine
from tests.devices.boards import ESTOP_GPIO, LINE_GPIO, MS, RESET_GPIO, Bench
from tests.sim.played import play


def on_a_bench(main: Callable[[Bench, Any], Awaitable[None]]) -> None:
    """
    Runs `main` with an open reset line.
    """

    async def around() -> None:
        bench = Bench()
        await bench.board.open()
        line = bench.add("reset", BoardReset, BoardReset.Config(board="pico", output=1))
        await line.open()
        await anyio.sleep(0.1)
        await main(bench, line)
        await line.aclose()
        await bench.board.aclose()
        bench.close()

    play(around)


def test_the_unit_is_held_and_starts_again() -> None:
    async def main(bench: Bench, line: BoardReset) -> None:
        assert isinstance(line, ResetLine)
        pulled, released = await line.pulse(0.1)
        (off_ns, is_off), (on_ns, is_on) = bench.unit.told[-2:]
        assert (is_off, is_on) == (False, True)
        assert pulled.holds(off_ns)
        assert released.holds(on_ns)
        assert on_ns - off_ns == pytest.approx(100 * MS, abs=1000)

    on_a_bench(main)


def test_a_pulse_that_is_given_up_is_ended_by_its_undo() -> None:
    async def main(bench: Bench, line: BoardReset) -> None:
        with anyio.move_on_after(0.2):
            await line.pulse(20)
        assert bench.played._board.levels[RESET_GPIO] == 1
        await line.undo("release")
        assert bench.played._board.levels[RESET_GPIO] == 0
        assert bench.unit.told[-1] == (clock.now_ns(), True)

    on_a_bench(main)


def test_it_is_released_whatever_trouble_the_board_is_in() -> None:
    async def main(bench: Bench, line: BoardReset) -> None:
        bench.played.set_level(ESTOP_GPIO, 1)
        await anyio.sleep(0.1)
        await line.make_safe()
        with pytest.raises(DeviceError, match="e-stop"):
            await line.pulse(0.1)

    on_a_bench(main)


def test_what_it_cannot_do_is_an_error() -> None:
    async def main(bench: Bench, line: BoardReset) -> None:
        with pytest.raises(DeviceError, match="'on'"):
            await line.undo("on")
        with pytest.raises(DeviceError, match="less than"):
            await line.pulse(0.00001)

    on_a_bench(main)


@pytest.mark.parametrize("values", [{"output": -1}, {"min_pulse_s": 0.0}])
def test_a_line_that_cannot_be_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must"):
        BoardReset.Config(**{"board": "pico", "output": 1, **values})


def test_a_train_is_made_by_the_board_and_told_by_its_stamps() -> None:
    async def main(bench: Bench, line: BoardReset) -> None:
        assert isinstance(line, TrainLine)
        since = len(bench.unit.told)
        pulled, released = await line.train(Train(width_s=0.05, count=3, every_s=0.2), 1.0)
        told = bench.unit.told[since:]
        assert [is_on for _, is_on in told] == [False, True] * 3
        assert [at_ns - told[0][0] for at_ns, _ in told] == [at * MS for at in (0, 50, 200, 250, 400, 450)]
        assert pulled.holds(told[0][0])
        assert released.holds(told[-1][0])

    on_a_bench(main)


def test_a_random_train_follows_from_its_seed() -> None:
    async def main(bench: Bench, line: BoardReset) -> None:
        async def drawn(seed: int) -> list[int]:
            since = len(bench.unit.told)
            await line.train(Train(width_s=0.05, count=5, every_s=0.2, jitter_s=0.1, seed=seed), 1.0)
            times = [at_ns for at_ns, _ in bench.unit.told[since:]]
            assert len(times) == 10
            return [round((later - at) / 1000) for at, later in pairwise(times)]

        first, same, other = await drawn(7), await drawn(7), await drawn(8)
        assert first == same != other
        assert all(50_000 <= width <= 150_000 for width in first[::2])
        assert all(150_000 <= gap <= 250_000 for gap in first[1::2])

    on_a_bench(main)


def test_a_pulse_waits_for_edges_on_the_boards_own_input() -> None:
    async def main(bench: Bench, line: BoardReset) -> None:
        async def beat() -> None:
            for _ in range(5):
                await anyio.sleep(0.1)
                bench.played.set_level(LINE_GPIO, 1)
                edges_ns.append(clock.now_ns())
                bench.played.set_level(LINE_GPIO, 0)

        edges_ns: list[int] = []
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(beat)
            pulled, released = await line.train(Train(width_s=0.03, after_edges=3, offset_s=0.02), 2.0)
        (off_ns, _), (on_ns, _) = bench.unit.told[-2:]
        assert off_ns == pytest.approx(edges_ns[2] + 20 * MS, abs=1000)
        assert on_ns == pytest.approx(off_ns + 30 * MS, abs=1000)
        assert pulled.holds(off_ns)
        assert released.holds(on_ns)

    on_a_bench(main)


def test_edges_that_never_come_leave_nothing_armed() -> None:
    async def main(bench: Bench, line: BoardReset) -> None:
        with pytest.raises(DeviceError, match="did not say within"):
            await line.train(Train(width_s=0.03, after_edges=1), 0.5)
        told = len(bench.unit.told)
        bench.played.set_level(LINE_GPIO, 1)
        await anyio.sleep(1)
        assert len(bench.unit.told) == told

    on_a_bench(main)
