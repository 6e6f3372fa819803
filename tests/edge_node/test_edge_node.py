"""
The edge node as a program: what a bench sees of it.
"""

from __future__ import annotations

import signal
from typing import Any

import pytest

from harness import clock
from tests.edge_node.playing import Run, Running

pytestmark = pytest.mark.lab


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


def test_acknowledging_before_writing_shows_after_a_sigkill_only(run: Run) -> None:
    first = run("--boot-s", "0", "--defect", "loses_writes").until_it_answers()
    first.ask("POST", "/records", b"x")
    assert records(first) == {"last_seq": 1, "lost": 0, "corrupt": 0, "torn": 0}
    first.kill()
    assert records(run("--boot-s", "0").until_it_answers())["lost"] == 1


def test_the_never_steady_defect_answers_503(run: Run) -> None:
    node = run("--boot-s", "0", "--defect", "never_steady").until_it_answers()
    assert node.ask("GET", "/health").status_code == 503


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nowhere", 404), ("DELETE", "/records", 404), ("POST", "/records", 413)]
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


def test_a_slow_boot_takes_three_times_as_long(run: Run) -> None:
    before_ns = clock.now_ns()
    run("--boot-s", "0.3", "--defect", "slow_boot").until_it_answers()
    assert clock.now_ns() - before_ns >= 900_000_000


def test_what_is_not_asked_for_is_not_there(run: Run) -> None:
    node = run("--boot-s", "0").until_it_answers()
    assert set(node.health()) == {"status", "name", "version", "boot_id", "alerts", "breakers"}
    for path in ("/content/p0-0", "/items/a", "/update", "/session"):
        assert node.ask("GET", path).status_code == 404


@pytest.mark.parametrize(
    "options",
    [
        ("--uplink", "nameless"),
        ("--uplink", "a=b:c"),
        ("--defect", "haunted"),
        ("--alert-url", "ftp://host/"),
        ("--key", "/nowhere"),
        ("--database", "nonsense"),
    ],
)
def test_a_command_line_without_sense_is_refused(run: Run, options: tuple[str, str]) -> None:
    assert run(*options).process.wait(timeout=5) == 2
