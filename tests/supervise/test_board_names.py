"""
A lease on a board holds against everybody who wants that board, however they name it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from harness.cli.main import run
from harness.config.rig import load_rig
from harness.errors import Refused
from harness.supervise.lease import Lease

from ..cli.test_board_commands import rig_with


@pytest.fixture(name="path")
def _path(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """
    The only board on USB, behind a port where nobody has opened anything.
    """
    master, slave = os.openpty()
    path = os.ttyname(slave)
    info = ListPortInfo(path)
    info.device, info.vid, info.pid, info.serial_number = path, 0x2E8A, 5, "e661"
    monkeypatch.setattr(list_ports, "comports", lambda: [info])
    yield path
    os.close(master)
    os.close(slave)


BY_USB = ['serial_number = "e661"', "vendor = 0x2E8A", 'serial_number = "e661"\nproduct = 5', ""]


@pytest.mark.parametrize("board", [*BY_USB, "port = PATH", "port = LINK"])
@pytest.mark.parametrize("command", ["flash", "info", "repl", "monitor"])
def test_a_leased_rigs_board_is_not_reached_by_its_port(
    board: str, command: str, path: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    link = tmp_path / "pico"
    link.symlink_to(path)
    rig = load_rig(str(rig_with(tmp_path, board.replace("PATH", f'"{path}"').replace("LINK", f'"{link}"'))))
    with Lease(rig, "a run of somebody's"):
        assert run(["board", command, "--port", path]) == 4
    assert "a run of somebody's" in capfd.readouterr().err


def test_two_rigs_that_name_one_board_differently_exclude_each_other(path: str, tmp_path: Path) -> None:
    rigs = []
    for name, board in (("one", f'port = "{path}"'), ("two", 'serial_number = "e661"')):
        (tmp_path / name).mkdir()
        rigs.append(load_rig(str(rig_with(tmp_path / name, board))))
    with Lease(rigs[0], "the first"), pytest.raises(Refused, match="the first"), Lease(rigs[1], "the second"):
        pass


def test_a_board_that_is_not_plugged_in_is_leased_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_ports, "comports", lambda: [])
    rig = load_rig(str(rig_with(tmp_path, 'serial_number = "gone"')))
    with Lease(rig, "the first"), pytest.raises(Refused, match="board gone"), Lease(rig, "the second"):
        pass
