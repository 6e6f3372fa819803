"""
How long a call to the board takes over its port, beside the same bytes through pyserial to a program that only echoes,
the floor, and beside two ways to a MicroPython REPL on the same virtual machine.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from functools import partial

import belay
import serial
from _repl import repl_port
from _rows import Row, at_most, median_ratio, side_by_side
from mpremote.transport_serial import SerialTransport

from harness.board import protocol
from harness.board.client import Board
from harness.board.link import Link
from harness.board.vm import VMBoard
from harness.config.data import data
from harness.lab.virtual_machine import node_modules

_ROUNDS = 12
_CALLS, _REPL_CALLS = 400, 40
_MOST_FLOORS = 5
_PIPELINED, _LEAST_RATE = 4000, 20_000
_PAYLOAD = bytes(range(32))

_FLOOR = "pyserial to a bare echo, 32 bytes"
_SUM = "board: a call with two integers"
_ECHOED = "board: an echo of 32 bytes"
_EVAL = "mpremote's raw REPL: an eval of two integers' sum"
_TASK = "belay: a task with two integers"

_ECHO = "import os\nwhile data := os.read(0, 4096): os.write(1, data)"


def rows() -> list[Row]:
    """
    Of each kind of call the median and the 99th percentile over all rounds, and how many a second go through at once.
    """
    with ExitStack() as stack:
        link = stack.enter_context(_link())
        calls = _calls(stack, Board(link))
        every: dict[str, list[float]] = {name: [] for name in calls}
        measures = {name: partial(_round_us, every[name], name, call) for name, call in calls.items()}
        side_by_side(1, measures)  # warm
        for values in every.values():
            values.clear()
        taken = side_by_side(_ROUNDS, measures)
        rates = [_rate(link) for _ in range(_ROUNDS)]
    told = [row for name in taken for row in _told(name, taken, every)]
    rate = statistics.median(rates)
    pipelined = Row(name="board: pipelined calls, median", value=rate, unit="/s", target=f"≥ {_LEAST_RATE} /s")
    return [*told, replace(pipelined, met=rate >= _LEAST_RATE)]


def _told(name: str, taken: dict[str, list[float]], every: dict[str, list[float]]) -> list[Row]:
    floors = None if name == _FLOOR else median_ratio(taken[name], taken[_FLOOR])
    tails = None if name == _FLOOR else _p99(every[name]) / _p99(every[_FLOOR])
    median = Row(name=f"{name}, median", value=statistics.median(every[name]), unit="µs", ratio=floors)
    is_ours = name in (_SUM, _ECHOED)
    return [
        at_most(_MOST_FLOORS, median) if is_ours else median,
        Row(name=f"{name}, p99", value=_p99(every[name]), unit="µs", ratio=tails),
    ]


def _calls(stack: ExitStack, board: Board) -> dict[str, Callable[[], object]]:
    port = stack.enter_context(serial.Serial(stack.enter_context(_echo_port()), timeout=1, exclusive=True))

    def floor() -> None:
        port.write(_PAYLOAD)
        assert port.read(len(_PAYLOAD)) == _PAYLOAD

    transport = stack.enter_context(closing(SerialTransport(stack.enter_context(repl_port()), timeout=1)))
    transport.enter_raw_repl(soft_reset=False)
    # Its own imports are for a board with pins; the REPL has none.
    device = stack.enter_context(closing(belay.Device(stack.enter_context(repl_port()), startup="")))

    @device.task
    def add(a, b):  # type: ignore[no-untyped-def]  # runs on the board, where there are no annotations
        return a + b

    assert (board.sum(40, 2), board.echo(_PAYLOAD)) == (42, _PAYLOAD)
    assert (transport.eval("40 + 2"), add(40, 2)) == (42, 42)
    return {
        _FLOOR: floor,
        _SUM: partial(board.sum, 40, 2),
        _ECHOED: partial(board.echo, _PAYLOAD),
        _EVAL: partial(transport.eval, "40 + 2"),
        _TASK: partial(add, 40, 2),
    }


def _round_us(every: list[float], name: str, call: Callable[[], object]) -> float:
    taken = _each_us(call, _REPL_CALLS if name in (_EVAL, _TASK) else _CALLS)
    every += taken
    return statistics.median(taken)


def _each_us(call: Callable[[], object], count: int) -> list[float]:
    taken = []
    for _ in range(count):
        start_ns = time.perf_counter_ns()
        call()
        taken.append((time.perf_counter_ns() - start_ns) / 1e3)
    return taken


def _p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


def _rate(link: Link) -> float:
    sums = [("sum", protocol.pack("sum", 40, 2))] * _PIPELINED
    start_s = time.perf_counter()
    link.pipeline(sums)
    return len(sums) / (time.perf_counter() - start_s)


@contextmanager
def _link() -> Iterator[Link]:
    vm = VMBoard(firmware=data("firmware"), fixtures=data("fixtures") / "board", vm=node_modules())
    with vm, Link(vm.path) as link:
        Board(link).hello()
        yield link


@contextmanager
def _echo_port() -> Iterator[str]:
    """
    A pty whose other end is a program that echoes.
    """
    master, slave = os.openpty()
    tty.setraw(slave)
    process = subprocess.Popen([sys.executable, "-c", _ECHO], stdin=master, stdout=master)
    os.close(master)
    try:
        yield os.ttyname(slave)
    finally:
        process.kill()
        process.wait()
        os.close(slave)
