"""
A rail read back by a board, against what the rail really is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from harness import clock
from harness.devices.board_adc import BoardAdc
from harness.errors import DeviceError
from harness.model.reading import Flag
from harness.protocols import PowerMeter
from tests.devices.boards import ESTOP_GPIO, Bench
from tests.sim.played import play


def on_a_bench(main: Callable[[Bench, BoardAdc], Awaitable[None]], **config: Any) -> None:
    """
    Runs `main` with an open read-back of the rail.
    """

    async def around() -> None:
        bench = Bench()
        await bench.board.open()
        meter = bench.add("rail", BoardAdc, BoardAdc.Config(board="pico", **config))
        await meter.open()
        await anyio.sleep(0.1)
        await main(bench, meter)
        await meter.aclose()
        with pytest.raises(DeviceError, match="not open"):
            await meter.read()
        await bench.board.aclose()
        bench.close()

    play(around)


def test_it_reads_the_rail_and_its_fall_and_knows_no_current() -> None:
    async def main(bench: Bench, meter: BoardAdc) -> None:
        assert isinstance(meter, PowerMeter)
        asked_ns = clock.now_ns()
        reading = await meter.read()
        assert reading.bus_v == pytest.approx(5.0, abs=0.001)
        assert reading.current_a is None
        assert reading.at.earliest_ns >= asked_ns
        await bench.board.call(lambda board: board.write(0, 1))
        await anyio.sleep(1)
        assert (await meter.read()).bus_v == pytest.approx(0.0, abs=0.01)

    on_a_bench(main)


def test_the_end_of_its_scale_is_no_voltage() -> None:
    async def main(bench: Bench, meter: BoardAdc) -> None:
        bench.played._show_rails = lambda: bench.played._board.set_adc(26, 65_535)
        assert (await meter.read()).flag is Flag.OVERFLOW

    on_a_bench(main)


def test_a_board_that_does_not_answer_gives_no_reading() -> None:
    async def main(bench: Bench, meter: BoardAdc) -> None:
        bench.played.set_level(ESTOP_GPIO, 1)
        await anyio.sleep(0.1)
        assert (await meter.read()).flag is Flag.NACK

    on_a_bench(main)


@pytest.mark.parametrize("values", [{"channel": -1}, {"full_scale_v": 0.0}, {"full_scale_v": 70.0}, {"samples": 0}])
def test_an_input_that_cannot_be_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must"):
        BoardAdc.Config(board="pico", **values)
