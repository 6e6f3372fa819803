"""
A program's power is cut: nothing that it started outlives it, wherever it has gone.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness import clock
from harness.lab import descent

pytestmark = [pytest.mark.lab, pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is the group alone")]

# A child in a session of its own, with a child in another one, as servers have them; and each goes on starting more.
FAMILY = """
import os, sys, subprocess
DEEP = "import os, subprocess, sys\\nos.setsid()\\nfor _ in range(5): subprocess.Popen(['sleep', '60'])\\n"
grandchild = [sys.executable, "-c", DEEP + "print(os.getpid(), flush=True)\\nos.read(0, 1)"]
child = "import os, subprocess\\nos.setsid()\\nsubprocess.run(%r)" % grandchild
subprocess.run([sys.executable, "-c", child])
"""


def family(pid: int) -> set[int]:
    """
    Everyone in the process's tree.
    """
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in map(str.split, listed.splitlines())}
    found = {pid}
    # A child's number may be the smaller one: until nobody is added.
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("listed", [True, False])
def test_whoever_descends_from_a_program_dies_with_it(monkeypatch: Any, listed: bool) -> None:
    if not listed:
        monkeypatch.setattr(descent, "_LIST", "/proc/no-such-list")
    with subprocess.Popen(
        [sys.executable, "-c", FAMILY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as program:
        assert program.stdout is not None
        program.stdout.readline()
        everyone = family(program.pid)
        assert len(everyone) >= 8
        descent.cut(program.pid)
        program.wait(timeout=5)
        limit_ns = clock.now_ns() + 5 * clock.NS_PER_S
        while [pid for pid in everyone if lives(pid)]:
            assert clock.now_ns() < limit_ns


def test_a_program_that_has_ended_is_no_error() -> None:
    with subprocess.Popen(["true"], stdout=subprocess.PIPE, start_new_session=True) as program:
        assert program.stdout is not None
        program.stdout.read()
        descent.cut(program.pid)  # nobody has waited for it yet, so that its number is still its own
