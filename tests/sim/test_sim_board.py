"""
The firmware in virtual time, wired to the world.
"""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from harness import clock
from harness.board.client import Board
from harness.config.rig import load_rig
from harness.errors import UsageError
from harness.model.world import AnalogSpec, BoardSpec, ContactSpec, RailSpec, ResetSpec, UnitSpec, WorldSpec
from harness.sim.sim_board import SimBoard
from harness.sim.world import World
from tests.sim.played import MS, Scribe, play

CONTACT = ContactSpec(board="pico", pin=2, active_low=False, operate_s=0.005, release_s=0.005, bounce_s=0.0)


def world_with_board(unit: Any, seed: int = 1, **values: Any) -> tuple[World, SimBoard]:
    """
    A rail behind output 0 of a board, and a reset line behind its output 1.
    """
    board = BoardSpec(analog=(AnalogSpec(pin=26, rail="main", full_scale_v=6.6),))
    node = UnitSpec(reset=ResetSpec(board="pico", pin=3))
    rails = {"main": RailSpec(dut="node", contact=CONTACT, **values)}
    world = World(WorldSpec(rails=rails, units={"node": node}, boards={"pico": board}), seed, {"node": unit})
    return world, SimBoard("pico", board, seed, world)


def test_a_schedule_on_the_board_moves_the_contact_at_its_time() -> None:
    async def main() -> None:
        unit = Scribe()
        world, played = world_with_board(unit, hold_up_s=0.001)
        board = Board(played)
        board.hello()
        board.arm(60_000)
        start_us = board.clock().ticks_us
        board.pulse(0, 1, at_us=start_us + 200_000, width_us=100_000)
        await anyio.sleep(1)
        (opened_ns, closed_ns) = world.rails["main"].strokes(1)
        assert 200 * MS < opened_ns < 207 * MS
        assert 300 * MS < closed_ns < 307 * MS
        assert [is_fed for _, is_fed in unit.told] == [True, False, True]
        played.close()
        world.close()

    play(main)


def test_its_dead_man_trips_at_its_limit_without_anybody_asking() -> None:
    async def main() -> None:
        world, played = world_with_board(Scribe())
        board = Board(played)
        board.hello()
        board.arm(250)
        board.write(0, 1)
        await anyio.sleep(0.24)
        assert world.level(2, board="pico") == 1
        await anyio.sleep(0.02)
        assert world.level(2, board="pico") == 0
        played.close()
        world.close()

    play(main)


def test_lines_of_a_board_are_not_those_of_the_computer() -> None:
    async def main() -> None:
        world, played = world_with_board(Scribe())
        world.drive(2, 1)
        assert world.level(2) == 1
        assert world.level(2, board="pico") == 0
        assert world.rails["main"].is_closed(clock.now_ns() + 100 * MS)
        played.close()
        world.close()

    play(main)


def test_a_unit_held_in_reset_does_not_start_when_its_rail_rises() -> None:
    async def main() -> None:
        unit = Scribe()
        world, played = world_with_board(unit, hold_up_s=0.001)
        await anyio.sleep(0.1)
        world.drive(3, 1, "pico")
        world.drive(2, 1, "pico")
        await anyio.sleep(0.1)
        world.drive(2, 0, "pico")
        await anyio.sleep(0.1)
        assert [is_fed for _, is_fed in unit.told][-1] is False
        world.release(3, "pico")
        assert unit.told[-1] == (clock.now_ns(), True)
        played.close()
        world.close()

    play(main)


def test_a_moment_ago_is_when_it_happened() -> None:
    async def main() -> None:
        world, played = world_with_board(Scribe())
        await anyio.sleep(1)
        world.drive(2, 1, "pico", 990 * MS)
        (opened_ns,) = world.rails["main"].strokes(1)
        assert 994 * MS <= opened_ns <= 996 * MS
        played.close()
        world.close()

    play(main)


def test_a_board_that_is_not_there_is_told_where_the_rig_names_it(tmp_path: Any) -> None:
    text = (load_rig("sim-board").path).read_text(encoding="utf-8")
    for old, new in (('board = "pico"\npin = 2', 'board = "pcio"\npin = 2'), ('gauge = "pico"', 'gauge = "pcio"')):
        assert old in text
        path = tmp_path / "bench.toml"
        path.write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(UsageError, match="did you mean 'pico'"):
            load_rig(str(path))
