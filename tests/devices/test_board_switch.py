"""
The switch on a board's output, by what the rail behind it does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import clock
from harness.devices.board_switch import BoardSwitch
from harness.errors import DeviceError
from harness.protocols import PulseSwitch
from tests.devices.boards import ESTOP_GPIO, MS, Bench
from tests.sim.played import play

Main = Callable[[Bench, Any], Awaitable[None]]


def on_a_bench(main: Main, **config: Any) -> None:
    """
    Runs `main` with an open switch.
    """

    async def around() -> None:
        bench = Bench()
        await bench.board.open()
        switch = bench.add("mains", BoardSwitch, BoardSwitch.Config(**{"board": "pico", "output": 0, **config}))
        await switch.open()
        await main(bench, switch)
        await switch.aclose()
        await bench.board.aclose()
        bench.close()

    play(around)


def test_it_starves_and_feeds_at_the_boards_own_instants() -> None:
    async def main(bench: Bench, switch: BoardSwitch) -> None:
        assert isinstance(switch, PulseSwitch)
        for _ in range(3):
            await anyio.sleep(0.731)
            for act, is_fed in ((switch.off, False), (switch.on, True)):
                since_ns = clock.now_ns()
                at = await act()
                await anyio.sleep(0.2)
                stroke_ns = bench.rail.strokes(since_ns)[-1]
                assert at.earliest_ns <= stroke_ns <= at.latest_ns + 2  # the played contact takes a nanosecond
                assert bench.rail.is_closed(stroke_ns) is is_fed
                assert await switch.is_on() is is_fed

    on_a_bench(main)


@given(off_us=st.integers(100, 3_000_000))
@settings(max_examples=30, deadline=None)
def test_an_interruption_is_as_long_as_it_was_asked_for_and_its_instants_hold_the_truth(off_us: int) -> None:
    async def main(bench: Bench, switch: BoardSwitch) -> None:
        await anyio.sleep(0.1)
        since_ns = clock.now_ns()
        off, on = await switch.interrupt(off_us / 1e6)
        await anyio.sleep(0.01)
        fell_ns, rose_ns = bench.rail.strokes(since_ns)[-2:]
        assert rose_ns - fell_ns == pytest.approx(off_us * 1000, abs=1000)
        assert off.earliest_ns <= fell_ns <= off.latest_ns + 2
        assert on.earliest_ns <= rose_ns <= on.latest_ns + 2
        assert max(off.width_ns, on.width_ns) < 1 * MS
        assert await switch.is_on()

    on_a_bench(main)


def test_an_interruption_that_is_given_up_is_ended_by_feeding() -> None:
    async def main(bench: Bench, switch: BoardSwitch) -> None:
        with anyio.move_on_after(0.5):
            await switch.interrupt(10)
        assert not bench.rail.is_closed(clock.now_ns())
        await switch.on()
        fed_ns = clock.now_ns()
        await anyio.sleep(20)
        assert bench.rail.is_closed(clock.now_ns())
        assert bench.rail.strokes(fed_ns + 10) == []
        off, on = await switch.interrupt(0.05)
        assert 49 * MS < on.earliest_ns - off.latest_ns <= on.latest_ns - off.earliest_ns < 51 * MS

    on_a_bench(main)


def test_a_trip_in_the_middle_of_an_interruption_is_told() -> None:
    async def main(bench: Bench, switch: BoardSwitch) -> None:
        async def stop() -> None:
            await anyio.sleep(0.2)
            bench.played.set_level(ESTOP_GPIO, 1)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stop)
            with pytest.raises(DeviceError, match="e-stop"):
                await switch.interrupt(5)
        await anyio.sleep(0.01)
        assert bench.rail.is_closed(clock.now_ns())
        await switch.undo("on")
        await switch.make_safe()
        assert await switch.is_on() is None  # the board is not believed any more
        with pytest.raises(DeviceError, match="e-stop"):
            await switch.on()

    on_a_bench(main)


def test_a_normally_open_contact_feeds_while_it_is_energised() -> None:
    async def main(bench: Bench, switch: BoardSwitch) -> None:
        assert await switch.is_on() is False
        await switch.on()
        assert bench.played._board.levels[2] == 1
        assert await switch.is_on() is True
        await switch.undo("off")
        assert bench.played._board.levels[2] == 0
        with pytest.raises(DeviceError, match="normally closed"):
            await switch.interrupt(1)
        assert switch.stays_off

    on_a_bench(main, contact="no")


@pytest.mark.parametrize(("values", "floor_s", "chatter_s"), [({}, 0.0001, 0.0), ({"mechanical": True}, 0.02, 0.002)])
def test_a_relay_is_slower_than_a_mosfet(values: dict[str, Any], floor_s: float, chatter_s: float) -> None:
    switch = BoardSwitch("mains", BoardSwitch.Config(board="pico", output=0, **values), None)  # type: ignore[arg-type]
    assert (switch.min_pulse_s, switch.chatter_s) == (floor_s, chatter_s)
    given_s = BoardSwitch.Config(board="pico", output=0, min_pulse_s=0.3, chatter_s=0.1, **values)
    switch = BoardSwitch("mains", given_s, None)  # type: ignore[arg-type]
    assert (switch.min_pulse_s, switch.chatter_s) == (0.3, 0.1)


def test_what_it_cannot_do_is_an_error() -> None:
    async def main(bench: Bench, switch: BoardSwitch) -> None:
        with pytest.raises(DeviceError, match="'safe'"):
            await switch.undo("safe")
        with pytest.raises(DeviceError, match="268 s"):
            await switch.interrupt(300)
        with pytest.raises(DeviceError, match="6 outputs"):
            await bench.add("other", BoardSwitch, BoardSwitch.Config(board="pico", output=6)).open()
        with pytest.raises(DeviceError, match="not open"):
            await bench.add("third", BoardSwitch, BoardSwitch.Config(board="pico", output=1)).off()

    on_a_bench(main)


def test_a_switch_on_a_board_that_is_not_open_does_not_open() -> None:
    async def main() -> None:
        bench = Bench()
        with pytest.raises(DeviceError, match="pico: is not open"):
            await bench.add("mains", BoardSwitch, BoardSwitch.Config(board="pico", output=0)).open()
        bench.close()

    play(main)


@pytest.mark.parametrize("values", [{"output": -1}, {"chatter_s": -1.0}, {"cycles_per_hour": 0}])
def test_a_switch_that_cannot_be_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must"):
        BoardSwitch.Config(**{"board": "pico", "output": 0, **values})
