"""
The edge node as a program: what a bench sees of it.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness import clock
from harness.config.data import data

pytestmark = pytest.mark.lab

PROGRAM = data("fixtures") / "edge_node" / "edge_node.py"
START_LIMIT_NS = 10 * clock.NS_PER_S


class Running:
    """
    One boot of the node.
    """

    def __init__(self, state: Path, *options: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.port = taken.getsockname()[1]
        listen = f"127.0.0.1:{self.port}"
        command = [sys.executable, str(PROGRAM), "--listen", listen, "--state", str(state), "--until-eof", *options]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE)

    def ask(self, method: str, path: str, content: bytes = b"") -> httpx.Response:
        with httpx.Client(base_url=f"http://127.0.0.1:{self.port}", trust_env=False, timeout=5) as client:
            return client.request(method, path, content=content)

    def until_it_answers(self) -> Running:
        limit_ns = clock.now_ns() + START_LIMIT_NS
        while True:
            try:
                self.ask("GET", "/metrics")
            except httpx.ConnectError:
                assert clock.now_ns() < limit_ns
                assert self.process.poll() is None
            else:
                return self

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=5)


Run = Callable[..., Running]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    started: list[Running] = []

    def start(*options: str) -> Running:
        started.append(Running(tmp_path, *options))
        return started[-1]

    yield start
    for running in started:
        running.kill()


def records(node: Running) -> Any:
    return node.ask("GET", "/records").json()


def test_it_refuses_connections_until_it_has_booted(run: Run) -> None:
    before_ns = clock.now_ns()
    node = run("--boot-s", "0.3").until_it_answers()
    assert clock.now_ns() - before_ns >= 300_000_000
    health = node.ask("GET", "/health")
    assert health.status_code == 200
    assert health.json().items() >= {"status": "ok", "name": "edge-node", "version": "1.0.0"}.items()


def test_acknowledged_records_outlive_a_sigkill_and_the_boot_id_does_not(run: Run) -> None:
    first = run("--boot-s", "0").until_it_answers()
    boot_id = first.ask("GET", "/health").json()["boot_id"]
    told = [first.ask("POST", "/records", b"x").json() for _ in range(3)]
    assert told == [{"seq": seq, "lost": 0, "corrupt": 0} for seq in (1, 2, 3)]
    first.kill()
    second = run("--boot-s", "0").until_it_answers()
    assert records(second) == {"last_seq": 3, "lost": 0, "corrupt": 0, "torn": 0}
    assert second.ask("GET", "/health").json()["boot_id"] != boot_id


def test_the_loses_writes_defect_shows_after_a_sigkill_only(run: Run) -> None:
    first = run("--boot-s", "0", "--defect", "loses_writes").until_it_answers()
    first.ask("POST", "/records", b"x")
    assert records(first) == {"last_seq": 1, "lost": 0, "corrupt": 0, "torn": 0}
    first.kill()
    assert records(run("--boot-s", "0").until_it_answers())["lost"] == 1


def test_the_never_steady_defect_answers_503(run: Run) -> None:
    node = run("--boot-s", "0", "--defect", "never_steady").until_it_answers()
    assert node.ask("GET", "/health").status_code == 503


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nowhere", 404), ("DELETE", "/records", 405), ("POST", "/records", 413)]
)
def test_a_request_it_cannot_serve_gets_its_own_status(run: Run, method: str, path: str, status: int) -> None:
    node = run("--boot-s", "0").until_it_answers()
    assert node.ask(method, path, b"x" * 70_000 if status == 413 else b"").status_code == status


def test_metrics_count_what_was_answered(run: Run) -> None:
    node = run("--boot-s", "0").until_it_answers()
    node.ask("GET", "/health")
    assert 'edge_node_requests_total{method="GET",path="/health",status="200"} 1' in node.ask("GET", "/metrics").text


@pytest.mark.parametrize("end", ["eof", "term"])
def test_it_ends_in_order(run: Run, end: str) -> None:
    node = run("--boot-s", "0").until_it_answers()
    if end == "term":
        node.process.send_signal(signal.SIGTERM)
        assert node.process.wait(timeout=5) == 0
    else:
        node.process.communicate(timeout=5)
        assert node.process.returncode == 0
