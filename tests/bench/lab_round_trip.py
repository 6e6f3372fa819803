"""
How long the lab takes for a pin and for a register, beside a bare echo over a Unix socket.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from _rows import Row, median_ratio, side_by_side
from gpiozero import OutputDevice

from harness import clock
from harness.config.rig import load_rig
from harness.lab.lab_bus import LabBus
from harness.lab.lab_pins import LabFactory
from harness.lab.launch import ensure

_CALLS = 200
_ROUNDS = 9
# A line on which no relay hangs, and the INA226's register of the bus voltage.
_PIN = 5
_ADDRESS, _BUS_VOLTAGE = 0x40, 0x02

_ECHO = """
import socket, sys
listening = socket.socket(socket.AF_UNIX)
listening.bind(sys.argv[1])
listening.listen()
print(flush=True)
connection, _ = listening.accept()
while data := connection.recv(4096):
    connection.sendall(data)
"""


def rows() -> list[Row]:
    """
    The medians over the rounds, each of some hundred calls one after the other.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="crashbench-"))
        echo = stack.enter_context(_echo(Path(folder) / "echo.sock"))
        pin, bus = stack.enter_context(_lab(folder))
        calls: dict[str, Callable[[], object]] = {
            "a bare echo over a Unix socket": echo,
            "a pin's write, through gpiozero": pin.on,
            "a register's word, through the SMBus seam": partial(bus.read_word_data, _ADDRESS, _BUS_VOLTAGE),
        }
        taken = side_by_side(_ROUNDS, {name: partial(_each_s, call) for name, call in calls.items()})
    bare_s = next(iter(taken.values()))
    return [
        Row(
            name=name,
            value=statistics.median(wall_s) * 1e6,
            unit="µs",
            ratio=None if wall_s is bare_s else median_ratio(wall_s, bare_s),
        )
        for name, wall_s in taken.items()
    ]


def _each_s(call: Callable[[], object]) -> float:
    start_s = time.perf_counter()
    for _ in range(_CALLS):
        call()
    return (time.perf_counter() - start_s) / _CALLS


@contextmanager
def _echo(path: Path) -> Iterator[Callable[[], object]]:
    """
    A process that sends back what it gets, and a call that asks it for a line as long as a request to the lab.
    """
    line = b'{"id": 1000, "do": "drive", "args": {"pin": 5, "level": 1}}\n'
    process = subprocess.Popen([sys.executable, "-c", _ECHO, str(path)], stdout=subprocess.PIPE)
    with process, socket.socket(socket.AF_UNIX) as connection:
        assert process.stdout is not None
        process.stdout.readline()
        connection.connect(str(path))

        def call() -> None:
            connection.sendall(line)
            connection.recv(4096)

        yield call


@contextmanager
def _lab(folder: str) -> Iterator[tuple[OutputDevice, LabBus]]:
    """
    The shipped lab in a place of its own, with an output on it and its bus.
    """
    os.environ["XDG_RUNTIME_DIR"] = folder
    rig = load_rig("lab")
    lab = clock.run(ensure, rig)
    try:
        factory, bus = LabFactory.for_rig(rig), LabBus.for_rig(rig, None, 1)
        with factory, OutputDevice(_PIN, pin_factory=factory) as pin:
            yield pin, bus
        bus.close()
    finally:
        clock.run(lab.stop)
