"""
Labs that play a small rig, each test's in a folder of its own.
"""

from __future__ import annotations

import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from harness import clock
from harness.config.rig import load_rig
from harness.lab import address
from harness.lab.lab_client import LabClient
from harness.lab.launch import Lab, ensure
from harness.model.rig import RigSpec

RIG = """
title = "a unit behind a relay, with a meter"
environment = "lab"
gpio = {{ factory = "lab" }}
i2c = {{ driver = "lab" }}

[devices.mains]
kind = "relay"
pin = 17

[devices.meter]
kind = "ina226"

[devices.web]
kind = "http_service"
url = "http://edge-node:8080"

[dut.edge-node]
nominal = "5 V"
brown_out = "3 V"
roles = {{ power = "mains", meter = "meter", http = "web" }}

[world]
released_lines = "{released_lines}"

[world.rails.main]
dut = "edge-node"
hold_up = "20 ms"
contact = {{ pin = 17 }}

[world.chips.meter]
kind = "ina226"
bus = 1
address = 0x40
rail = "main"

[world.units.edge-node]
program = ["{program}"]
boot = "{boot}"
defect = "{defect}"
"""

DEFAULTS = {"released_lines": "persist", "program": "edge_node", "boot": "0 s", "defect": "none"}
WAIT_NS = 10 * clock.NS_PER_S
_pause = threading.Event()


@pytest.fixture(autouse=True)
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """
    A runtime directory whose path is short enough for sockets; nothing may be left in it.
    """
    with tempfile.TemporaryDirectory(prefix="crashbench-") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)


MakeRig = Callable[..., RigSpec]


@pytest.fixture
def make_rig(tmp_path: Path) -> MakeRig:
    """
    Writes and loads the rig's file; keywords change it.
    """

    def make(**changes: str) -> RigSpec:
        path = tmp_path / "rig.toml"
        path.write_text(RIG.format(**{**DEFAULTS, **changes}))
        return load_rig(str(path))

    return make


@pytest.fixture
def rig(make_rig: MakeRig) -> RigSpec:
    return make_rig()


class Playing:
    """
    A lab that runs, watched over a connection of its own.
    """

    def __init__(self, rig: RigSpec, lab: Lab) -> None:
        self.rig, self.lab, self.pid = rig, lab, lab.pid
        self.socket = address(rig)

    def unit(self) -> dict[str, Any]:
        return dict(self.lab.client.state()["units"]["edge-node"])

    def rail_v(self) -> float:
        return float(self.lab.client.state()["rails"]["main"]["voltage_v"])

    def until(self, condition: Callable[[], bool]) -> None:
        """
        Waits for a condition, and leaves the processor to the lab between two looks at it.
        """
        limit_ns = clock.now_ns() + WAIT_NS
        while not condition():
            assert clock.now_ns() < limit_ns, self.lab.client.state()
            _pause.wait(0.005)

    def until_serving(self) -> None:
        self.until(lambda: self.unit()["state"] == "serving")

    def connect(self) -> LabClient:
        return LabClient(self.socket)


Play = Callable[..., Playing]


@pytest.fixture
def play(make_rig: MakeRig) -> Iterator[Play]:
    """
    Starts labs, and ends with them whatever a test did to them.
    """
    playing: list[Playing] = []

    def start(idle_s: float = 30.0, **changes: str) -> Playing:
        rig = make_rig(**changes)
        playing.append(Playing(rig, clock.run(partial(ensure, rig, idle_s=idle_s))))
        return playing[-1]

    yield start
    for one in playing:
        if is_alive(one.pid):
            os.kill(one.pid, signal.SIGTERM)
            one.until(lambda pid=one.pid: not is_alive(pid))  # type: ignore[misc]
        one.lab.close()


@pytest.fixture
def alive() -> Callable[[int], bool]:
    return is_alive


def is_alive(pid: int) -> bool:
    """
    Whether a process runs; a zombie does not.
    """
    try:
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    except ChildProcessError:
        pass
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")
