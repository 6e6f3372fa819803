"""
Where a lab is found: short, apart from others, and nobody else's.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from harness.errors import BenchError
from harness.lab import address
from harness.model.rig import RigSpec


def test_each_rig_file_and_each_home_has_a_socket_of_its_own(rig: RigSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    sockets = {address(rig), address(dataclasses.replace(rig, path=rig.path.with_name("other.toml")))}
    monkeypatch.setenv("CRASHBENCH_HOME", "/somewhere/else")
    sockets.add(address(rig))
    assert len(sockets) == 3


def test_a_rig_has_one_socket_however_its_file_is_named(rig: RigSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(rig.path.parent)
    assert address(dataclasses.replace(rig, path=Path("rig.toml"))) == address(rig)
    assert address(dataclasses.replace(rig, path=rig.path / ".." / "rig.toml")) == address(rig)


def test_its_folder_is_its_owners_alone(rig: RigSpec, runtime: Path) -> None:
    socket = address(rig)
    assert socket.parent == runtime / "crashbench"
    assert socket.parent.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_may_enter_is_refused(rig: RigSpec) -> None:
    address(rig).parent.chmod(0o755)
    with pytest.raises(BenchError, match="mode 0700"):
        address(rig)


def test_a_link_in_its_place_is_refused(rig: RigSpec, runtime: Path, tmp_path: Path) -> None:
    (runtime / "crashbench").symlink_to(tmp_path)
    with pytest.raises(BenchError, match="must be a folder of yours"):
        address(rig)


def test_without_a_runtime_directory_it_is_in_the_temporary_one(
    rig: RigSpec, monkeypatch: pytest.MonkeyPatch, runtime: Path
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setattr("tempfile.tempdir", str(runtime))
    assert address(rig).parent == runtime / f"crashbench-{os.getuid()}"


def test_a_path_too_long_for_a_socket_is_refused(rig: RigSpec, monkeypatch: pytest.MonkeyPatch, runtime: Path) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime / ("long" * 20)))
    with pytest.raises(BenchError, match="too long for a socket; set XDG_RUNTIME_DIR"):
        address(rig)
