"""
The edge node's battery: read over a bus that may be slow, silent, gone, or full of nonsense.
"""

from __future__ import annotations

import json
import socket
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import clock
from tests.edge_node.playing import Run, Running

pytestmark = pytest.mark.lab

LIMIT_NS = 10 * clock.NS_PER_S


class Bus(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """
    The I2C bus behind a socket: words of a gauge at 36h by register, and what else may be answered.
    """

    daemon_threads = True

    def __init__(self, path: Path) -> None:
        self.words = {0x02: round(3.9 / 78.125e-6), 0x04: 80 * 256, 0x08: 0x0012}
        self.answers: dict[str, Any] | bytes | None = None
        """What is answered instead: an object, a line as it is, or with an empty one nothing at all."""
        self.asked: list[dict[str, Any]] = []
        super().__init__(str(path), Line)


class Line(socketserver.StreamRequestHandler):
    """
    One connection to the bus.
    """

    server: Bus

    def handle(self) -> None:
        for line in self.rfile:
            asked = json.loads(line)
            self.server.asked.append(asked)
            answer: Any = self.server.answers
            if answer is None:
                first, count = int(asked["write"], 16), int(asked["read"])
                words = (self.server.words.get(register, 0) for register in range(first, first + count, 2))
                answer = {"data": "".join(f"{word:04x}" for word in words)}
            self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode() + b"\n")


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    with Bus(tmp_path / "i2c") as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


def booted(run: Run, bus: Bus) -> Running:
    return run("--boot-s", "0", "--gauge", str(bus.server_address), "--gauge-poll-s", "0.02").until_it_answers()


def until(node: Running, problem: str = "", **told: Any) -> dict[str, Any]:
    """
    What the node says of its health once that contains all of `told`, and its battery's problem begins like that.
    """
    limit_ns = clock.now_ns() + LIMIT_NS
    while True:
        health: dict[str, Any] = node.ask("GET", "/health").json()
        if told.items() <= health.items() and str(health["battery_problem"]).startswith(problem):
            return health
        assert clock.now_ns() < limit_ns, health


def test_it_reads_the_registers_at_once(run: Run, bus: Bus) -> None:
    health = until(booted(run, bus), battery_percent=80, battery_problem=None)
    assert health["battery_v"] == pytest.approx(3.9, abs=1e-4)
    assert bus.asked[0] == {"address": 0x36, "write": "02", "read": 8}


def test_it_follows_the_gauge(run: Run, bus: Bus) -> None:
    node = booted(run, bus)
    bus.words[0x04] = 79 * 256 + 128
    until(node, battery_percent=79.5)
    assert "edge_node_battery_percent 79.5" in node.ask("GET", "/metrics").text


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ({0x08: 0x0002}, "nonsense: version 0x0002"),
        ({0x02: 0x2000}, "nonsense: a cell of 0.64 V"),
        ({0x02: 0xFFFF}, "nonsense: a cell of 5.12 V"),
        ({0x04: 0xFFFF}, "nonsense: 256.0 % full"),
    ],
)
def test_nonsense_is_no_reading_and_never_zero(run: Run, bus: Bus, words: dict[int, int], problem: str) -> None:
    node = booted(run, bus)
    before = dict(bus.words)
    bus.words.update(words)
    health = until(node, battery_problem=problem)
    assert (health["status"], health["battery_percent"], health["battery_v"]) == ("ok", None, None)
    assert "edge_node_battery_percent" not in node.ask("GET", "/metrics").text
    bus.words = before
    until(node, battery_percent=80, battery_problem=None)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"nack": True}, "OSError"),
        ({"data": "50"}, "error("),
        ({"data": "xyz!"}, "ValueError"),
        ({"error": "busy"}, "KeyError"),
        (b"[]\n", "TypeError"),
        (b"garbage\n", "JSONDecodeError"),
        (b"", "TimeoutError"),
    ],
)
def test_a_bus_that_does_not_answer_properly_is_told_as_that(run: Run, bus: Bus, answer: Any, problem: str) -> None:
    node = booted(run, bus)
    until(node, battery_percent=80)
    bus.answers = answer
    until(node, f"no answer: {problem}", battery_percent=None)
    bus.answers = None
    until(node, battery_percent=80)


def test_a_bus_that_is_not_there_keeps_nobody_from_booting(run: Run, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(tmp_path / "deaf"))  # bound, and never listening
        node = run("--boot-s", "0", "--gauge", str(tmp_path / "deaf")).until_it_answers()
        refused = "no answer: ConnectionRefusedError(111, 'Connection refused')"
        until(node, battery_percent=None, battery_problem=refused)


def test_without_a_gauge_it_says_nothing_of_a_battery(run: Run) -> None:
    node = run("--boot-s", "0").until_it_answers()
    assert not any("battery" in name for name in node.ask("GET", "/health").json())
    assert "battery" not in node.ask("GET", "/metrics").text
