"""
Where MicroPython is looked for.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.errors import BenchError
from harness.lab.virtual_machine import PACKAGE, node_modules


def installed(folder: Path) -> Path:
    """
    A folder that holds the package, as npm leaves it.
    """
    (folder / PACKAGE).mkdir(parents=True)
    return folder


def test_what_the_variable_names_is_taken_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path))
    installed(tmp_path / "vm" / "node_modules")
    monkeypatch.setenv("CRASHBENCH_VM", str(tmp_path / "elsewhere"))
    with pytest.raises(BenchError, match=r"elsewhere; run `npm install"):
        node_modules()
    installed(tmp_path / "elsewhere")
    assert node_modules() == tmp_path / "elsewhere"


def test_the_home_comes_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRASHBENCH_VM", raising=False)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "venv"))
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path / "home"))
    in_venv = installed(tmp_path / "venv" / "vm" / "node_modules")
    assert node_modules() == in_venv
    in_home = installed(tmp_path / "home" / "vm" / "node_modules")
    assert node_modules() == in_home
