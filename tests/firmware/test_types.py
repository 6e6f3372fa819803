"""
The firmware's types fit the reference board's modules, and what does not fit is seen.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import FIRMWARE, ROOT

CONFIG = ROOT / ".ci" / "firmware-mypy.ini"

# A method that no pin has, an argument of the wrong type to MicroPython's own clock, and to our own code.
MISTAKES = (
    ("pins.py", "\nimport machine\nmachine.Pin(2).rise()\n", '"Pin" has no attribute "rise"'),
    ("ticks.py", '\nimport time\n\ntime.sleep_ms("1")\n', 'Argument 1 to "sleep_ms"'),
    ("manifest.py", "\nVERSION = 1\n", "Incompatible types in assignment"),
)


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


@pytest.mark.parametrize(("name", "mistake", "seen"), MISTAKES, ids=[name for name, *_ in MISTAKES])
def test_a_mistake_is_seen(name: str, mistake: str, seen: str, tmp_path: Path) -> None:
    copy = tmp_path / "firmware"
    shutil.copytree(FIRMWARE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    with (copy / name).open("a", encoding="utf-8") as file:
        file.write(mistake)

    result = checked(copy)

    assert result.returncode == 1
    assert seen in result.stdout
