"""
The firmware's types fit the reference board's modules, and what does not fit is seen.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from .conftest import FIRMWARE, ROOT

CONFIG = ROOT / ".ci" / "firmware-mypy.ini"

# In each of these files, what is appended and what mypy should say of it.
MISTAKES = {
    "pins.py": ("import machine\nmachine.Pin(2).rise()", '"Pin" has no attribute "rise"'),
    "ticks.py": ('import time\ntime.sleep_ms("1")', 'Argument 1 to "sleep_ms"'),
    "manifest.py": ("VERSION = 1", "Incompatible types in assignment"),
}


def checked(folder: Path) -> subprocess.CompletedProcess[str]:
    """
    What mypy says of the firmware in a folder, as `make lint` asks it.
    """
    assert (ROOT / "typings" / "machine.pyi").is_file(), "no stubs in typings: run .ci/typings"
    argv = [sys.executable, "-m", "mypy", "--config-file", str(CONFIG), str(folder)]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)


def test_the_firmware_fits_its_boards_modules() -> None:
    result = checked(FIRMWARE)
    assert result.returncode == 0, result.stdout


def test_mistakes_are_seen(tmp_path: Path) -> None:
    copy = tmp_path / "firmware"
    shutil.copytree(FIRMWARE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for name, (mistake, _) in MISTAKES.items():
        with (copy / name).open("a", encoding="utf-8") as file:
            file.write(f"\n{mistake}\n")

    result = checked(copy)

    assert result.returncode == 1
    for name, (_, seen) in MISTAKES.items():
        assert any(f"/{name}:" in line and seen in line for line in result.stdout.splitlines()), result.stdout
