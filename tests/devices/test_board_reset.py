"""
The reset line on a board's output, by what the unit behind it is told.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from harness import clock
from harness.devices.board_reset import BoardReset
from harness.errors import DeviceError
from harness.protocols import ResetLine
from tests.devices.boards import ESTOP_GPIO, MS, RESET_GPIO, Bench
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
