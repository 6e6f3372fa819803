"""
One lab for each socket.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.errors import Refused
from harness.lab.claim import claimed, is_held_by


def test_a_place_is_held_until_it_is_given_back(tmp_path: Path) -> None:
    socket = tmp_path / "lab.sock"
    with claimed(socket):
        assert is_held_by(socket, os.getpid())
        assert not is_held_by(socket, 1)
        with pytest.raises(Refused, match=f"running already .pid {os.getpid()}."), claimed(socket):
            pass
    assert not is_held_by(socket, os.getpid())
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_lab_left_is_replaced(tmp_path: Path) -> None:
    socket = tmp_path / "lab.sock"
    socket.write_text("stale")
    (tmp_path / "lab.lock").write_text("999999999")
    with claimed(socket):
        assert is_held_by(socket, os.getpid())
        assert not socket.exists()


def test_a_dead_process_holds_nothing(tmp_path: Path) -> None:
    pid = os.posix_spawn("/bin/sh", ["sh", "-c", ":"], {})
    (tmp_path / "lab.lock").write_text(str(pid))
    os.waitpid(pid, 0)
    assert not is_held_by(tmp_path / "lab.sock", pid)
