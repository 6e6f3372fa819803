"""
Nothing is left dark: whoever is killed, however, at whatever moment of a run.
"""

from __future__ import annotations

import signal
from itertools import cycle, islice
from pathlib import Path

import pytest

from tests.supervise import played
from tests.supervise.killing import COMBINATIONS, check

pytestmark = pytest.mark.lab

SHORT = list(enumerate(islice(cycle(COMBINATIONS), 30)))
LONG = list(enumerate(combination for combination in COMBINATIONS for _ in range(30)))


@pytest.fixture(name="folder")
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path / "home"))
    played.quick_rig(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("index", "combination"), SHORT, ids=lambda value: str(value))
def test_a_killed_bench_leaves_the_dut_fed(folder: Path, index: int, combination: tuple[str, signal.Signals]) -> None:
    check(folder, index, *combination)


@pytest.mark.soak
@pytest.mark.parametrize("released_lines", ["persist", "strict"])
@pytest.mark.parametrize(("index", "combination"), LONG, ids=lambda value: str(value))
def test_each_way_to_kill_it_thirty_times(
    folder: Path, index: int, combination: tuple[str, signal.Signals], released_lines: str
) -> None:
    played.quick_rig(folder, persist=released_lines)
    check(folder, index, *combination)
