"""
The board's driver: the real firmware in virtual time, and on the virtual board where threads and ports matter.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import anyio
import pytest

from harness import clock
from harness.board.seam import PinChange, World
from harness.board.unsolicited import Done
from harness.board.vm import VMBoard
from harness.config.data import data
from harness.devices.board import Board
from harness.devices.board_reset import BoardReset
from harness.errors import DeviceError
from harness.lab.virtual_machine import node_modules
from harness.model.instant import Instant
from harness.model.train import Train
from harness.protocols import Output
from tests.devices.boards import ESTOP_GPIO, MS, SUPPLY_GPIO, Bench, Wires
from tests.sim.played import play

Main = Callable[[Bench], Awaitable[None]]


def on_a_bench(main: Main, **config: Any) -> None:
    """
    Runs `main` on a bench whose board is open.
    """

    async def around() -> None:
        bench = Bench(**config)
        await bench.board.open()
        await main(bench)
        await bench.board.aclose()
        bench.close()

    play(around)


async def energise(bench: Bench) -> None:
    await bench.board.call(lambda board: board.write(0, 1))


def test_it_is_an_output_that_says_who_it_is() -> None:
    async def main(bench: Bench) -> None:
        assert isinstance(bench.board, Output)
        assert bench.board.info().boot_id
        assert bench.board.firmware == bench.board.info().firmware
        assert bench.board.notes == ()
        assert [bench.board.safe_level(output) for output in range(6)] == [0] * 6

    on_a_bench(main)


def test_an_open_board_stays_armed_as_long_as_the_bench_lives() -> None:
    async def main(bench: Bench) -> None:
        await energise(bench)
        await anyio.sleep(60)
        assert bench.played._board.levels[SUPPLY_GPIO] == 1
        assert not bench.board.trouble

    on_a_bench(main, dead_man_s=0.1)


def test_a_bench_that_stops_beating_is_tripped_within_the_limit_and_told_so() -> None:
    async def main(bench: Bench) -> None:
        await energise(bench)
        cut_ns = clock.now_ns()
        bench.board._beat.stop()
        await anyio.sleep(0.7)
        tripped_ns = bench.rail.strokes(cut_ns)[-1]
        assert bench.rail.is_closed(tripped_ns)
        assert tripped_ns - cut_ns <= 520 * MS
        with pytest.raises(DeviceError, match="not armed"):
            await energise(bench)

    on_a_bench(main, dead_man_s=0.5)


def test_the_next_bench_finds_it_tripped_says_so_and_arms_it_again() -> None:
    async def main(bench: Bench) -> None:
        await energise(bench)
        await bench.board.aclose()
        assert bench.played._board.levels[SUPPLY_GPIO] == 1  # letting go moves nothing
        await anyio.sleep(1)
        assert bench.played._board.levels[SUPPLY_GPIO] == 0
        await bench.board.open()
        assert bench.board.notes == ("pico was found tripped: its dead-man had heard no host; armed again",)
        assert not bench.board.trouble
        await energise(bench)
        await bench.board.make_safe()

    on_a_bench(main)


def test_a_board_that_was_let_go_of_safe_is_no_news() -> None:
    async def main(bench: Bench) -> None:
        await energise(bench)
        await bench.board.make_safe()
        await bench.board.aclose()
        await anyio.sleep(10)
        await bench.board.open()
        assert bench.board.notes == ()

    on_a_bench(main)


def test_the_e_stop_ends_everything_but_the_way_to_safety() -> None:
    async def main(bench: Bench) -> None:
        await energise(bench)
        bench.played.set_level(ESTOP_GPIO, 1)
        await anyio.sleep(0.01)
        assert bench.alarms == ["pico: tripped: its e-stop was pressed"]
        bench.played.set_level(ESTOP_GPIO, 0)
        for _ in range(2):  # it stays so, until somebody opens it anew
            with pytest.raises(DeviceError, match="e-stop"):
                await energise(bench)
        await bench.board.make_safe()
        await bench.board.release(0)
        with pytest.raises(DeviceError, match="e-stop"):
            await energise(bench)
        await bench.board.aclose()
        await bench.board.open()
        await energise(bench)

    on_a_bench(main)


def test_a_board_whose_e_stop_is_pressed_opens_safe_and_strikes_nothing() -> None:
    async def main(bench: Bench) -> None:
        assert "e-stop" in bench.board.trouble
        with pytest.raises(DeviceError, match="e-stop"):
            await energise(bench)
        await bench.board.undo("safe")

    on_a_bench(main, stopped=True)


def test_a_board_that_restarts_is_trouble_and_can_still_be_made_safe() -> None:
    async def main(bench: Bench) -> None:
        await energise(bench)
        bench.played.reset_board()
        await anyio.sleep(0.6)
        assert "restarted" in bench.board.trouble
        assert len(bench.alarms) == 1
        await bench.board.make_safe()
        with pytest.raises(DeviceError, match="restarted"):
            await energise(bench)

    on_a_bench(main)


def test_what_it_times_holds_the_truth() -> None:
    async def main(bench: Bench) -> None:
        for pause_s in (0.0, 0.3, 1.7, 40.0):
            await anyio.sleep(pause_s)
            for level in (1, 0):
                at_ns = clock.now_ns()
                at = await bench.board.timed(lambda board, level=level: board.write(0, level))
                assert at.holds(at_ns)
                assert at.width_ns < 1 * MS

    on_a_bench(main)


def test_an_ear_hears_what_comes_while_it_listens_or_says_what_did_not() -> None:
    async def main(bench: Bench) -> None:
        with bench.board.ear() as ear:
            await bench.board.call(lambda board: board.pulse(0, 1, width_us=1000))
            done = await ear.first(lambda event: isinstance(event, Done), 1, "the pulse ended")
            assert isinstance(done, Done)
            assert (done.output, done.switchings) == (0, 2)
            with pytest.raises(DeviceError, match=r"did not say within 0\.5 s that it snowed"):
                await ear.first(lambda event: False, 0.5, "it snowed")

    on_a_bench(main)


def test_the_adc_reads_the_rail_as_it_is_wired() -> None:
    async def main(bench: Bench) -> None:
        reading = await bench.board.call(lambda board: board.read_adc(0))
        assert reading.voltage_v == pytest.approx(2.5, abs=0.002)

    on_a_bench(main)


def test_what_is_not_open_or_not_known_is_an_error_of_the_bench() -> None:
    async def main(bench: Bench) -> None:
        with pytest.raises(DeviceError, match="'on'"):
            await bench.board.undo("on")
        await bench.board.aclose()
        with pytest.raises(DeviceError, match="not open"):
            await energise(bench)
        with pytest.raises(DeviceError, match="not open"):
            await bench.board.make_safe()

    on_a_bench(main)


@pytest.mark.parametrize(
    "values", [{"dead_man_s": 0.01}, {"dead_man_s": 61.0}, {"stamp_lag_s": -1.0}, {"port": "x", "serial_number": "y"}]
)
def test_a_board_that_cannot_be_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Board.Config(**values)


# --- on the virtual board --------------------------------------------------------------------------------------------


@pytest.fixture(name="vm")
def _vm() -> Iterator[VMBoard]:
    firmware, fixtures = data("firmware"), data("fixtures") / "board"
    with VMBoard(firmware=firmware, fixtures=fixtures, vm=node_modules()) as vm:
        yield vm


def real(main: Callable[[Board], Awaitable[None]], vm: VMBoard, **config: Any) -> None:
    """
    Runs `main` with a board on a real port, in real time.
    """

    async def around() -> None:
        wires = Wires()
        wires.path = vm.path
        board = Board("pico", Board.Config(port=vm.path, **config), wires)  # type: ignore[arg-type]
        await board.open()
        try:
            await main(board)
        finally:
            await board.aclose()

    clock.run(around)


@pytest.mark.vm
def test_a_bench_whose_event_loop_hangs_is_as_good_as_dead(vm: VMBoard) -> None:
    async def main(board: Board) -> None:
        alarmed = anyio.Event()
        board.alarm = lambda problem: alarmed.set()
        await board.call(lambda asked: asked.write(0, 1))
        threading.Event().wait(2.5)
        with anyio.fail_after(5):
            await alarmed.wait()
        assert "dead-man" in board.trouble

    real(main, vm, dead_man_s=0.5)


@pytest.mark.vm
def test_a_board_that_vanishes_is_trouble_at_once(vm: VMBoard) -> None:
    async def main(board: Board) -> None:
        alarmed = anyio.Event()
        board.alarm = lambda problem: alarmed.set()
        vm.process.kill()
        with anyio.fail_after(3):
            await alarmed.wait()
        with pytest.raises(DeviceError):
            await board.call(lambda asked: asked.levels())
        with pytest.raises(DeviceError):
            await board.make_safe()

    real(main, vm)


@pytest.mark.vm
def test_a_train_that_waits_for_edges_on_the_real_interpreter(vm: VMBoard) -> None:
    async def main(board: Board) -> None:
        wires: Any = board._wiring
        wires.devices["pico"] = board
        line = BoardReset("reset", BoardReset.Config(board="pico", output=1), wires)
        await line.open()
        told: list[tuple[Instant, Instant]] = []

        async def train() -> None:
            told.append(await line.train(Train(width_s=0.15, count=5, every_s=0.3, after_edges=2, offset_s=0.03), 5.0))

        with World(vm.world, timeout_s=10) as world:

            def strokes() -> list[PinChange]:
                return [change for change in list(world.changes) if change.gpio == 3]

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(train)
                while not strokes():
                    await anyio.sleep(0.02)
                    for level in (1, 0):
                        world.set_level(10, level)
            # The world hears of them apart from the port.
            world.wait_for(lambda: len(strokes()) >= 10)
        assert [change.level for change in strokes()] == [1, 0] * 5
        ((began, ended),) = told
        # The world is told after the stamp, by as much as the machine takes.
        assert began.earliest_ns <= strokes()[0].at_ns
        assert ended.earliest_ns <= strokes()[-1].at_ns

    real(main, vm, stamp_lag_s=0.02, dead_man_s=5.0)


@pytest.mark.vm
def test_its_port_is_its_alone(vm: VMBoard) -> None:
    async def main(board: Board) -> None:
        wires = Wires()
        wires.path = vm.path
        with pytest.raises(DeviceError, match=vm.path):
            await Board("other", Board.Config(port=vm.path), wires).open()  # type: ignore[arg-type]

    real(main, vm)


@pytest.mark.vm
def test_instants_of_a_real_board_lie_between_asking_and_answer(vm: VMBoard) -> None:
    async def main(board: Board) -> None:
        for level in (1, 0) * 20:
            before_ns = clock.now_ns()
            at = await board.timed(lambda asked, level=level: asked.write(0, level))
            assert before_ns <= at.earliest_ns <= at.latest_ns <= clock.now_ns()

    real(main, vm, stamp_lag_s=0.02)


@pytest.mark.vm
def test_a_port_that_was_lost_and_came_back_can_be_made_safe_and_no_more(vm: VMBoard) -> None:
    async def main(board: Board) -> None:
        alarmed = anyio.Event()
        board.alarm = lambda problem: alarmed.set()
        await board.call(lambda asked: asked.write(0, 1))
        assert board._link is not None
        board._link.close()  # as a cable does that is pulled
        with anyio.fail_after(3):
            await alarmed.wait()
        await board.make_safe()
        levels = await board.rescue(lambda asked: asked.levels())
        assert levels[0] == 0
        with pytest.raises(DeviceError):
            await board.call(lambda asked: asked.write(0, 1))

    real(main, vm)


def test_a_clock_that_contradicts_ours_is_trouble() -> None:
    async def main(bench: Bench) -> None:
        bench.played._board._born_ns -= 500 * MS
        await anyio.sleep(1)
        assert "clock contradicts ours by" in bench.board.trouble
        with pytest.raises(DeviceError, match="cannot be believed"):
            await energise(bench)

    on_a_bench(main)


def test_wiring_that_is_not_the_shipped_one_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(bench: Bench) -> None:
        (note,) = bench.board.notes
        assert note == f"pico has a pin table of its own ({bench.board.info().wiring})"

    monkeypatch.setattr("harness.devices.board.shipped_wirings", lambda folder: frozenset[str]())
    on_a_bench(main)
