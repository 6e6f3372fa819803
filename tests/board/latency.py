"""
How long a call to the board takes, beside the floor: the same bytes through pyserial to a program that only echoes.

    python -m tests.board.latency --vm node_modules

Rounds are interleaved, since other work on the machine moves all figures: compare only within one run.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import serial

from harness.board import protocol
from harness.board.client import Board
from harness.board.link import Link
from harness.board.vm import VMBoard

ROOT = Path(__file__).parents[2]
ECHO = "import os\nwhile data := os.read(0, 4096): os.write(1, data)"
PAYLOAD = bytes(range(32))


@contextmanager
def echo_port() -> Iterator[str]:
    """
    A pty whose other end is a program that echoes.
    """
    master, slave = os.openpty()
    tty.setraw(slave)
    process = subprocess.Popen([sys.executable, "-c", ECHO], stdin=master, stdout=master)
    os.close(master)
    try:
        yield os.ttyname(slave)
    finally:
        process.kill()
        process.wait()
        os.close(slave)


def measure(call: Callable[[], object], count: int) -> list[float]:
    """
    Microseconds of each of `count` calls.
    """
    taken = []
    for _ in range(count):
        start = time.perf_counter_ns()
        call()
        taken.append((time.perf_counter_ns() - start) / 1_000)
    return taken


def main() -> None:
    """
    Prints a table of medians and p99, and the pipelined rate.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vm", type=Path, default=ROOT / "node_modules")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--calls", type=int, default=400)
    options = parser.parse_args()
    with ExitStack() as stack:
        virtual = VMBoard(firmware=ROOT / "firmware", fixtures=ROOT / "fixtures" / "board", vm=options.vm)
        stack.enter_context(virtual)
        link = stack.enter_context(Link(virtual.path))
        board = Board(link)
        board.hello()
        port = stack.enter_context(serial.Serial(stack.enter_context(echo_port()), timeout=1, exclusive=True))

        def floor() -> None:
            port.write(PAYLOAD)
            assert port.read(len(PAYLOAD)) == PAYLOAD

        calls: dict[str, Callable[[], object]] = {
            "floor: raw pyserial echo, 32 bytes": floor,
            "board: call with two integers": lambda: board.sum(40, 2),
            "board: echo, 32 bytes": lambda: board.echo(PAYLOAD),
        }
        taken: dict[str, list[float]] = {name: [] for name in calls}
        for call in calls.values():
            measure(call, 100)
        for _ in range(options.rounds):
            for name, call in calls.items():
                taken[name] += measure(call, options.calls)
        rates = []
        sums = [("sum", protocol.pack("sum", 40, 2))] * 4_000
        for _ in range(5):
            start = time.perf_counter()
            link.pipeline(sums)
            rates.append(len(sums) / (time.perf_counter() - start))
    least = statistics.median(taken["floor: raw pyserial echo, 32 bytes"])
    sys.stdout.write(f"{'':36}{'median':>10}{'p99':>10}{'floors':>8}\n")
    for name, values in taken.items():
        median, p99 = statistics.median(values), statistics.quantiles(values, n=100)[98]
        sys.stdout.write(f"{name:36}{median:7.0f} us{p99:7.0f} us{median / least:8.1f}\n")
    sys.stdout.write(f"{'board: pipelined calls':36}{statistics.median(rates):7.0f} /s\n")


if __name__ == "__main__":
    main()
