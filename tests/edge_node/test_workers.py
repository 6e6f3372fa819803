"""
Workers are processes, and the node's supervisor brings back those that are killed, though not in a frenzy.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from harness import clock
from tests.edge_node.playing import OnCall, Origin, Run, Running, until, wait

# Minutes of real processes: in the long form only.
pytestmark = [pytest.mark.lab, pytest.mark.soak]


def working(run: Run, surroundings: list[str], *options: str) -> Running:
    node = run(*surroundings, *options).until_it_answers()
    until(lambda: pid(node, "sync") and pid(node, "warmer"))
    return node


def pid(node: Running, role: str) -> int | None:
    found: int | None = node.health()["workers"][role]["pid"]
    return found


def kill(node: Running, role: str) -> None:
    if (process := pid(node, role)) is not None:
        os.kill(process, signal.SIGKILL)


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("role", ["sync", "warmer"])
def test_a_killed_worker_is_back_within_five_seconds_with_a_new_pid(
    run: Run, surroundings: list[str], role: str
) -> None:
    node = working(run, surroundings)
    old = pid(node, role)
    kill(node, role)
    until(lambda: pid(node, role) not in (None, old), limit_s=5)
    worker = node.health()["workers"][role]
    assert worker["restarts"] == 1
    assert node.metric(f'edge_node_worker_up{{worker="{role}"}}') == 1
    assert node.metric(f'edge_node_worker_restarts_total{{worker="{role}"}}') == 1


def test_it_works_again_once_it_is_back(run: Run, surroundings: list[str], origin: Origin) -> None:
    node = working(run, surroundings)
    kill(node, "sync")
    until(lambda: node.metric('edge_node_worker_restarts_total{worker="sync"}') == 1)
    origin.ask("POST", "/change/p0-0")
    new = origin.ask("GET", "/content/p0-0").content
    until(lambda: node.ask("GET", "/content/p0-0").content == new)
    assert node.says(breakers={"origin": "closed"})


def test_who_is_not_restarted_is_gone_for_good(run: Run, surroundings: list[str]) -> None:
    node = working(run, surroundings, "--defect", "worker_not_restarted")
    kill(node, "sync")
    until(lambda: pid(node, "sync") is None)
    wait(1)
    assert pid(node, "sync") is None
    assert node.metric('edge_node_worker_up{worker="sync"}') == 0


@pytest.mark.parametrize(("defects", "in_a_frenzy"), [((), False), (("--defect", "no_backoff"), True)])
def test_workers_killed_over_and_over_are_restarted_ever_more_slowly(
    run: Run, surroundings: list[str], on_call: OnCall, defects: tuple[str, ...], in_a_frenzy: bool
) -> None:
    node = working(run, surroundings, *defects)
    until_ns = clock.now_ns() + 9 * clock.NS_PER_S
    restarts = 0.0
    while clock.now_ns() < until_ns and restarts <= 12:
        for role in ("sync", "warmer"):
            kill(node, role)
        wait(0.02)
        told = [node.metric(f'edge_node_worker_restarts_total{{worker="{role}"}}') for role in ("sync", "warmer")]
        restarts = sum(told)
        assert node.ask("GET", "/records").status_code == 200
    assert (restarts > 10) == in_a_frenzy
    until(lambda: on_call.named("WorkerRestartStorm"))


def test_a_minute_holds_no_more_than_nine_restarts(run: Run, surroundings: list[str]) -> None:
    node = working(run, surroundings)

    def restarts() -> int:
        for role in ("sync", "warmer"):
            kill(node, role)
        return sum(int(worker["restarts"]) for worker in node.health()["workers"].values())

    until(lambda: restarts() == 9, limit_s=20)
    until(lambda: restarts() and all(worker["pid"] is None for worker in node.health()["workers"].values()))
    wait(5)
    assert restarts() == 9
    assert (pid(node, "sync"), pid(node, "warmer")) == (None, None)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_their_node(run: Run, surroundings: list[str], end: signal.Signals) -> None:
    node = working(run, surroundings)
    workers = [pid(node, role) for role in ("sync", "warmer")]
    assert all(map(is_running, workers))
    node.process.send_signal(end)
    node.process.wait(timeout=5)
    until(lambda: not any(map(is_running, workers)), limit_s=5)
