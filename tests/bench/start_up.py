"""
How soon `crashbench --help` answers, beside a Python that does nothing.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from _rows import Row, at_most, median_ratio, side_by_side

_ROUNDS = 10
# It should answer in 0.3 s on a machine where bare Python starts in 20 ms.
_MOST = 15

_COMMANDS: dict[str, Sequence[str]] = {
    "python -c pass": (sys.executable, "-c", "pass"),
    "the imports alone": (sys.executable, "-c", "import harness.cli.main"),
    "crashbench --help": (str(Path(sys.executable).with_name("crashbench")), "--help"),
}


def rows() -> list[Row]:
    """
    Each as a process of its own, from its start to its end.
    """
    taken = side_by_side(_ROUNDS, {name: partial(_wall_s, command) for name, command in _COMMANDS.items()})
    bare_s, *others = taken.items()
    told = [Row(name=bare_s[0], value=statistics.median(bare_s[1]) * 1e3, unit="ms")]
    for name, wall_s in others:
        ratio = median_ratio(wall_s, bare_s[1])
        told.append(Row(name=name, value=statistics.median(wall_s) * 1e3, unit="ms", ratio=ratio))
    return [*told[:-1], at_most(_MOST, told[-1])]


def _wall_s(command: Sequence[str]) -> float:
    start_s = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start_s
