"""
The launcher of the virtual board, and the socket of its outside.
"""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from harness.board.client import Board
from harness.board.failures import BoardError, BoardLost, BoardSilent
from harness.board.link import Link
from harness.board.seam import World
from harness.board.vm import VMBoard

from .conftest import FIRMWARE, FIXTURES

pytestmark = pytest.mark.vm


def test_a_board_that_does_not_start_says_why(vm_modules: Path, tmp_path: Path) -> None:
    with pytest.raises(BoardError, match=r"did not start within 20 s: (.|\n)*no module named 'boot'"):
        VMBoard(firmware=tmp_path, fixtures=FIXTURES, vm=vm_modules)


def test_two_boards_side_by_side(vm_modules: Path) -> None:
    with (
        VMBoard(firmware=FIRMWARE, fixtures=FIXTURES, vm=vm_modules) as one,
        VMBoard(firmware=FIRMWARE, fixtures=FIXTURES, vm=vm_modules) as other,
        Link(one.path) as link,
        Link(other.path) as other_link,
    ):
        assert one.path != other.path
        assert Board(link).hello().boot_id != Board(other_link).hello().boot_id


def test_every_client_sees_the_pins(vm: VMBoard, board: Board, world: World) -> None:
    board.arm(5_000)
    with World(vm.world, timeout_s=10) as second:
        board.write(3, 1)
        assert world.wait_for_level(5, 1) == second.wait_for_level(5, 1)
        assert [change.gpio for change in second.changes] == [5]
    with World(vm.world) as late:
        assert late.levels == world.levels


def test_broken_and_unknown_lines_are_answered(vm: VMBoard) -> None:
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(str(vm.world))
        lines = raw.makefile("rwb")
        assert "booted" in json.loads(lines.readline())
        lines.write(b'no json\n{"id": 7, "dance": true}\n')
        lines.flush()
        assert "error" in json.loads(lines.readline())
        assert json.loads(lines.readline()) == {"id": 7, "error": "unknown request"}


def test_waiting_for_what_does_not_come(world: World) -> None:
    with pytest.raises(BoardSilent, match=r"within 0\.05 s"):
        world.wait_for_level(2, 1, 0.05)


def test_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(BoardLost, match="nobody"):
        World(tmp_path / "nobody")


def test_inputs_survive_a_reset_of_the_board(board: Board, world: World) -> None:
    world.set_level(10, 1)
    world.reset_board()
    board.hello()
    assert board.levels()[1] == 1
