"""
A quick rig in the lab, the real command line run on it, and what the lab says of the DUT while that goes on.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import anyio

from harness import clock
from harness.config.data import data
from harness.config.rig import load_rig
from harness.lab import address
from harness.lab.lab_client import LabClient
from harness.lab.launch import Lab, ensure
from harness.model.event import Event, Kind
from harness.store.events import read
from tests.starved import Starved

DRILL = """
title = "Quick cut"
hypothesis = "The unit comes back."
chaos_type = "power_outage"
component = "edge"
hold = "500 ms"
watch = "20 s"

[blast_radius]
roles = ["power"]

[[steady_state]]
kind = "http"
role = "probes.health"
period = "50 ms"
timeout = "300 ms"

[[fault]]
kind = "power_cut"
role = "power"
at = "300 ms"
for = "1200 ms"

[[criteria]]
expr = "recovery_from_removal < 15 s"
"""


def patient(text: str, dead_man: str = "5 s") -> str:
    """
    A rig's file whose board, and whose meters, may have to wait for a bench that a busy machine keeps waiting.
    """
    text = re.sub(r'^dead_man = "[^"]+"', f'dead_man = "{dead_man}"', text, flags=re.M)
    text, count = re.subn(r'^age_limit = "[^"]+"', 'age_limit = "10 s"', text, flags=re.M)
    return text if count else text.rstrip("\n") + '\n\n[sampling]\nage_limit = "10 s"\n'


def quick_rig(folder: Path, shipped: str = "lab-gpio", dead_man: str = "5 s", **replace: str) -> Path:
    """
    A shipped lab rig, made patient, with a unit that boots in no time, and with other strings replaced.
    """
    text = patient((data("rigs") / f"{shipped}.toml").read_text(encoding="utf-8"), dead_man)
    text = text.replace('boot = "3 s"', 'boot = "300 ms"')
    for old, new in replace.items():
        assert old in text, old
        text = text.replace(old, new)
    path = folder / "bench.toml"
    path.write_text(text, encoding="utf-8")
    (folder / "quick.toml").write_text(DRILL, encoding="utf-8")
    return path


def crashbench(folder: Path, *words: str, **options: Any) -> subprocess.Popen[str]:
    """
    The command line as a person starts it, with its own home in `folder`.
    """
    env = {**os.environ, "CRASHBENCH_HOME": str(folder / "home")}
    command = [sys.executable, "-m", "harness.cli.main", *words]
    return subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, **options
    )


@contextmanager
def home(folder: Path, monkeypatch: Any) -> Iterator[Path]:
    """
    The same home for what runs in this process.
    """
    monkeypatch.setenv("CRASHBENCH_HOME", str(folder / "home"))
    yield folder / "home"


def children(pid: int, program: str = "") -> list[int]:
    """
    Those that a process has started, and that run this program.
    """
    listed = [task.read_text(encoding="ascii").split() for task in Path(f"/proc/{pid}/task").glob("*/children")]
    return [int(child) for child in chain(*listed) if program.encode() in command_line(child)]


def command_line(pid: str) -> bytes:
    """
    What a process was started with; nothing for one that has ended.
    """
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def bench_of(pid: int) -> int:
    """
    The bench process that a supervisor has started, beside the lab that it may have started too.
    """
    (bench,) = children(pid, "bench_process")
    return bench


class Kept:
    """
    How long the machine has kept those waiting who have a part in feeding the DUT, from now on: a supervisor, all whom
    it has started, the lab and its boards. What the machine's own host took from it counts once.
    """

    def __init__(self, client: LabClient, supervisor: int) -> None:
        boards = [board["pid"] for board in client.state()["boards"].values()]
        self._each = [Starved(pid) for pid in (supervisor, *children(supervisor), client.lab_pid, *boards)]
        self._stolen = Starved(0)

    @property
    def ms(self) -> float:
        """
        So long since it was made. Of who ends it knows what it was last asked of them.
        """
        stolen_ms = self._stolen.ms
        return stolen_ms + sum(max(0.0, one.ms - stolen_ms) for one in self._each)


async def until(condition: Any, within_s: float, what: str) -> Any:
    """
    Waits until `condition()` is something, and returns it.
    """
    with anyio.move_on_after(within_s):
        while not (seen := condition()):  # noqa: ASYNC110 - another process's doings tell no one
            await anyio.sleep(0.005)
        return seen
    raise AssertionError(f"{what}: not within {within_s:g} s")


def record_of(folder: Path) -> Path | None:
    """
    The folder of the only run there is, once it has begun its first trial.
    """
    for path in (folder / "home" / "runs").glob("*/events.jsonl"):
        if any(event.kind is Kind.TRIAL_STARTED for event in events(path.parent)):
            return path.parent
    return None


def events(record: Path) -> list[Event]:
    """
    What is on record so far.
    """
    return list(read(record))


def is_fed(client: LabClient) -> bool:
    """
    Whether the DUT has its supply, as the world itself knows.
    """
    return bool(client.state()["rails"]["main"]["voltage_v"] > 4.5)


async def playing(rig: Path) -> Lab:
    """
    A lab for the rig, of our own.
    """
    return await ensure(load_rig(str(rig)))


def kill(pid: int, signum: signal.Signals) -> int:
    """
    Sends a signal; returns the bench clock's time (ns) after which the clock of the promise runs.
    """
    os.kill(pid, signum)
    return clock.now_ns()


def kill_at_once(*pids: int) -> None:
    """
    Kills them all, none of whom gets to see another one's end.
    """
    for signum in (signal.SIGSTOP, signal.SIGKILL):
        for pid in pids:
            os.kill(pid, signum)


def lab_address(rig: Path) -> Path:
    """
    Where the rig's lab listens.
    """
    return address(load_rig(str(rig)))
