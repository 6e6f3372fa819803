"""
The virtual board and its parts, for tests that speak to it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.board.client import Board
from harness.board.link import Link
from harness.board.seam import World
from harness.board.vm import VMBoard

ROOT = Path(__file__).parents[2]
FIRMWARE = ROOT / "firmware"
FIXTURES = ROOT / "fixtures" / "board"
PACKAGE = "@micropython/micropython-webassembly-pyscript"


@pytest.fixture(scope="session")
def vm_modules() -> Path:
    places = [Path(os.environ["CRASHBENCH_VM"])] if "CRASHBENCH_VM" in os.environ else []
    places += [ROOT / "node_modules", ROOT / ".crashbench" / "vm" / "node_modules"]
    found = next((place for place in places if (place / PACKAGE).is_dir()), None)
    assert found is not None, f"no {PACKAGE} in {', '.join(map(str, places))}: run make setup, or set CRASHBENCH_VM"
    return found


@pytest.fixture
def vm(vm_modules: Path) -> Iterator[VMBoard]:
    with VMBoard(firmware=FIRMWARE, fixtures=FIXTURES, vm=vm_modules) as board:
        yield board


@pytest.fixture
def link(vm: VMBoard) -> Iterator[Link]:
    with Link(vm.path) as opened:
        yield opened


@pytest.fixture
def board(link: Link) -> Board:
    greeted = Board(link)
    greeted.hello()
    return greeted


@pytest.fixture
def world(vm: VMBoard) -> Iterator[World]:
    with World(vm.world, timeout_s=10) as outside:
        yield outside
