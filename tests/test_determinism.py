"""
The same drill, rig and seed give the same bytes, whoever runs them and whenever.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.reports.json_record import JsonRecord
from tests.benches import play, shipped_drill


def record(drill: str, seed: int) -> str:
    """
    The JSON of a run on `sim`, as `crashbench run --json` writes it.
    """
    return JsonRecord.render(play(shipped_drill(drill), seed=seed).run)


@pytest.mark.parametrize("drill", ["power-outage", "power-flicker", "control"])
def test_the_same_seed_gives_the_same_bytes(drill: str) -> None:
    assert record(drill, 7) == record(drill, 7)


def test_another_seed_gives_others() -> None:
    assert record("power-outage", 7).replace('"seed": 7', "") != record("power-outage", 8).replace('"seed": 8', "")


@pytest.mark.process
def test_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    def written(hash_seed: str) -> bytes:
        """
        What the command line writes in a process of its own, whose sets are in an order of their own.
        """
        command = [sys.executable, "-m", "harness.cli.main", "run", "power-outage", "--rig", "sim", "--seed", "7"]
        here = {**os.environ, "PYTHONHASHSEED": hash_seed, "CRASHBENCH_HOME": str(tmp_path / hash_seed)}
        done = subprocess.run([*command, "--json", "-"], env=here, capture_output=True, timeout=60, check=True)
        return done.stdout

    first, second = written("1"), written("2")
    assert first == second
    assert b'"verdict": "held"' in first
