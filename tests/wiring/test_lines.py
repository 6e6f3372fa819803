"""
A board of any lines, and importing lgpio without a trace.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.wiring.lines import LineBoard


def test_a_line_goes_by_number_digits_or_gpio_name() -> None:
    board = LineBoard.named("some board")
    pins = [pin for name in (300, "300", "GPIO300", "gpio300") for _, pin in board.find_pin(name)]
    assert len(pins) == 4
    assert len(set(pins)) == 1
    assert pins[0].name == "GPIO300"
    assert "gpio" in pins[0].interfaces
    assert board.description == "some board"


@pytest.mark.parametrize("name", [-1, "J8:11", "BOARD11", "", 1.5, None])
def test_what_is_no_line_has_no_pin(name: object) -> None:
    assert list(LineBoard.named("some board").find_pin(name)) == []


_LOAD = """
import os, sys
from harness.wiring._lgpio import load
here = os.getcwd()
load()
assert os.getcwd() == here, "it changed the working directory"
"""


def test_lgpio_is_imported_without_changing_or_littering_the_working_directory(tmp_path: Path) -> None:
    pytest.importorskip("_lgpio")
    root, temporary = Path(__file__).parent.parent.parent, tmp_path / "temporary"
    work = tmp_path / "work"
    for folder in (temporary, work):
        folder.mkdir()
    environment = {k: v for k, v in os.environ.items() if k != "LG_WD"}
    environment |= {"PYTHONPATH": str(root), "TMPDIR": str(temporary)}
    subprocess.run([sys.executable, "-c", _LOAD], cwd=work, env=environment, check=True, timeout=30)
    assert list(work.iterdir()) == []
    assert list(temporary.iterdir()) == []
