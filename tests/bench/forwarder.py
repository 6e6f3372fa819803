"""
The bench's own relay beside the barest one that asyncio has, one on asyncio's streams, and no relay at all; and how
well it keeps a latency of 100 ms on 200 connections.
"""

from __future__ import annotations

import json
import selectors
import socket
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from random import Random

import anyio
from _rows import Row, at_least, at_most, side_by_side

_HOST = "127.0.0.1"
_RELAYS = Path(__file__).with_name("_relays.py")
_PINGS, _RUSHES, _ROUNDS, _MIB = 16_000, 41, 11, 64
_CONNECTIONS, _LATENCY_S = 200, 0.1

Relay = tuple[int, "subprocess.Popen[str]"]


def rows() -> list[Row]:
    """
    From the quietest quarter of thousands of echoes, taken in turns, and of some rounds of 64 MiB.
    """
    with ExitStack() as stack:
        echo, sink = (_started(stack, kind, 0)[0] for kind in ("echo", "sink"))
        ours = {target: _started(stack, "ours", target) for target in (echo, sink)}
        bare = {target: _started(stack, "bare", target)[0] for target in (echo, sink)}
        streams = {target: _started(stack, "streams", target)[0] for target in (echo, sink)}
        ports = {"direct": (echo, sink), "bare relay": (bare[echo], bare[sink])}
        ports["relay on streams"] = streams[echo], streams[sink]
        ports["our relay"] = ours[echo][0], ours[sink][0]
        ends = {name: stack.enter_context(_connected(port)) for name, (port, _) in ports.items()}
        taken = _trips_s(ends)
        fast = side_by_side(_RUSHES, {name: partial(_rate, port) for name, (_, port) in ports.items()})
        return [*_added(taken), *_throughput(fast), *_latency(*ours[echo])]


def _quiet(rounds: list[float], *, high: bool = False) -> float:
    """
    The quartile of the rounds in which the machine did the least else.
    """
    return statistics.quantiles(rounds, n=4)[2 if high else 0]


def _added(taken: dict[str, list[float]]) -> list[Row]:
    direct = _quiet(taken["direct"])
    bare = _quiet(taken["bare relay"]) - direct
    found = [Row(name="echo of 1 byte: direct", value=direct * 1e6, unit="µs")]
    for name in ("bare relay", "relay on streams", "our relay"):
        value = _quiet(taken[name]) - direct
        row = Row(name=f"added by: {name}", value=value * 1e6, unit="µs", ratio=value / bare)
        found.append(at_most(1.2, row) if name == "our relay" else row)
    return found


def _throughput(fast: dict[str, list[float]]) -> list[Row]:
    bare = _quiet(fast["bare relay"], high=True)
    found = []
    for name, rates in fast.items():
        value = _quiet(rates, high=True)
        row = Row(name=f"throughput: {name}", value=value, unit="MiB/s", ratio=value / bare)
        found.append(at_least(0.9, row) if name == "our relay" else row)
    return found


def _latency(port: int, relay: subprocess.Popen[str]) -> list[Row]:
    with ExitStack() as stack:
        ends = [stack.enter_context(_connected(port)) for _ in range(_CONNECTIONS)]
        for end in ends:
            end.sendall(b"x")
            end.recv(1)
        switched_s = [_shaped(relay, latency_s=_LATENCY_S if index % 2 else 0.0) for index in range(20)]
        measures = {"ours": lambda: abs(_added_s(relay, ends) - _LATENCY_S), "bare": lambda: anyio.run(_timers_late_s)}
        off_s = {who: statistics.median(taken) for who, taken in side_by_side(_ROUNDS, measures).items()}
    within, bare = (
        Row(name=name, value=off_s[who] * 1e3, unit="ms", ratio=off_s[who] / 1e-3)
        for who, name in (
            ("ours", "100 ms on 200 connections: off, at the median"),
            ("bare", "as many timers of a bare loop: late, at the median"),
        )
    )
    switch_s = statistics.median(switched_s)
    switch = Row(name="switched on 200 live connections in", value=switch_s * 1e3, unit="ms", ratio=switch_s / 1e-3)
    return [at_most(1, within), bare, at_most(1, switch)]


async def _timers_late_s() -> float:
    """
    How late the machine itself is, at the median, in seconds: a timer for each connection, a millisecond apart.
    """
    late_s = list[float]()

    async def wait(due_s: float) -> None:
        await anyio.sleep_until(due_s)
        late_s.append(anyio.current_time() - due_s)

    async with anyio.create_task_group() as tasks:
        began_s = anyio.current_time()
        for number in range(_CONNECTIONS):
            tasks.start_soon(wait, began_s + _LATENCY_S + number * 0.001)
    return statistics.median(late_s)


def _added_s(relay: subprocess.Popen[str], ends: list[socket.socket]) -> float:
    """
    How much longer an echo takes with the latency than without, at the median, in seconds.
    """
    _shaped(relay)
    without_s = statistics.median(_spread(ends))
    _shaped(relay, latency_s=_LATENCY_S)
    return statistics.median(_spread(ends)) - without_s


def _spread(ends: list[socket.socket]) -> list[float]:
    """
    How long an echo took on each of the connections, in seconds, when they were asked a millisecond apart.
    """
    took_s, sent_s = list[float](), dict[socket.socket, float]()
    with selectors.DefaultSelector() as selector:
        for end in ends:
            selector.register(end, selectors.EVENT_READ, end)
        for end in ends:
            due_s = time.perf_counter() + 0.001
            sent_s[end] = time.perf_counter()
            end.sendall(b"x")
            while time.perf_counter() < due_s:
                took_s += _taken(selector, sent_s)
        while sent_s:
            took_s += _taken(selector, sent_s)
    return took_s


def _taken(selector: selectors.BaseSelector, sent_s: dict[socket.socket, float]) -> list[float]:
    found = []
    for key, _ in selector.select(0):
        key.data.recv(1)
        found.append(time.perf_counter() - sent_s.pop(key.data))
    return found


def _shaped(relay: subprocess.Popen[str], **shape: float) -> float:
    """
    Has our relay do something else; how long that took there, in seconds.
    """
    assert relay.stdin is not None
    assert relay.stdout is not None
    relay.stdin.write(json.dumps(shape) + "\n")
    relay.stdin.flush()
    return float(relay.stdout.readline())


def _trips_s(ends: dict[str, socket.socket]) -> dict[str, list[float]]:
    """
    Echoes on each connection in turn; in an order that changes, since each disturbs the one after it.
    """
    taken: dict[str, list[float]] = {name: [] for name in ends}
    order = Random(1)
    for _ in range(_PINGS):
        for name in order.sample(list(ends), len(ends)):
            taken[name].append(_trip_s(ends[name]))
    return taken


def _trip_s(end: socket.socket) -> float:
    """
    How long one echo takes, in seconds.
    """
    began_s = time.perf_counter()
    end.send(b"x")
    end.recv(1)
    return time.perf_counter() - began_s


def _rate(port: int) -> float:
    """
    How fast a connection carries, in MiB/s.
    """
    block = bytes(1 << 20)
    with _connected(port) as end:
        began_s = time.perf_counter()
        for _ in range(_MIB):
            end.sendall(block)
        end.sendall(b"\1")
        end.recv(1)
        return _MIB / (time.perf_counter() - began_s)


def _connected(port: int) -> socket.socket:
    end = socket.create_connection((_HOST, port))
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return end


def _started(stack: ExitStack, kind: str, port: int) -> Relay:
    command = [sys.executable, str(_RELAYS), kind, str(port)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    stack.callback(process.wait)
    stack.callback(process.kill)
    assert process.stdout is not None
    return int(process.stdout.readline()), process
