"""
Alerts over HTTP: handed to the runs that are going on, with an instant that holds their coming.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import httpx
import pytest
import uvicorn

from harness import clock
from harness.host.app import create_app
from harness.host.host_bench import HostBench
from harness.host.looking import Looking
from tests.edge_node.playing import free_port
from tests.host.calling import TOKEN, Caller, serving
from tests.host.rehearsed import Stage

# As the documentation of Alertmanager has it.
NOTIFICATION: dict[str, Any] = {
    "version": "4",
    "groupKey": '{}:{alertname="DutDown"}',
    "truncatedAlerts": 0,
    "status": "firing",
    "receiver": "crashbench",
    "groupLabels": {"alertname": "DutDown"},
    "commonLabels": {"alertname": "DutDown", "instance": "edge"},
    "commonAnnotations": {},
    "externalURL": "http://alertmanager:9093",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "DutDown", "instance": "edge"},
            "annotations": {},
            "startsAt": "2026-01-01T00:00:00Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "",
            "fingerprint": "c4d31b8e3c4b0f6e",
        }
    ],
}


def served(main: Callable[[Caller], Awaitable[None]], stage: Stage | None = None) -> None:
    async def serve() -> None:
        async with serving(HostBench("sim", supervisor=stage or Stage())) as caller:
            await main(caller)

    clock.run(serve)


def test_every_run_that_can_hear_is_told_when_it_came() -> None:
    stage = Stage()

    async def main(caller: Caller) -> None:
        await caller.post("runs", {"drill": "control", "rig": "lab"})
        before_ns = clock.now_ns()
        answer = await caller.post("alerts", NOTIFICATION)
        assert (answer.status_code, answer.json()) == (200, {"alerts": 1, "runs": ["run-1"]})
        ((notification, at),) = stage.runs[0].alerts
        assert notification == NOTIFICATION
        assert at.earliest_ns <= before_ns <= at.latest_ns <= clock.now_ns()

    served(main, stage)


def test_between_runs_it_is_taken_and_nobody_hears_it() -> None:
    async def main(caller: Caller) -> None:
        answer = await caller.post("alerts", NOTIFICATION)
        assert (answer.status_code, answer.json()) == (200, {"alerts": 1, "runs": []})

    served(main)


def test_a_run_in_virtual_time_hears_nothing() -> None:
    stage = Stage()

    async def main(caller: Caller) -> None:
        await caller.post("runs", {"drill": "control"})
        assert (await caller.post("alerts", NOTIFICATION)).json()["runs"] == []
        assert stage.runs[0].alerts == []

    served(main, stage)


@pytest.mark.parametrize(
    "body", [{}, {**NOTIFICATION, "version": "3"}, {**NOTIFICATION, "alerts": [{"status": "?"}]}, [NOTIFICATION]]
)
def test_what_is_no_notification_is_refused(body: Any) -> None:
    async def main(caller: Caller) -> None:
        assert (await caller.post("alerts", body)).status_code == 422

    served(main)


def test_it_needs_the_token() -> None:
    async def main(caller: Caller) -> None:
        caller.http.headers["Authorization"] = "Bearer wrong"
        assert (await caller.post("alerts", NOTIFICATION)).status_code == 401

    served(main)


def test_what_came_while_the_host_was_busy_is_not_dated_after_that() -> None:
    """
    Over real sockets: the request lies in the kernel while the event loop is kept from looking.
    """
    stage, port = Stage(), free_port()
    body = json.dumps(NOTIFICATION).encode()
    head = f"POST /api/v1/alerts HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
    head += f"Content-Type: application/json\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"

    async def main() -> None:
        bench = HostBench("sim", supervisor=stage)
        app = create_app(bench, TOKEN)
        server = uvicorn.Server(uvicorn.Config(app, port=port, http="h11", ws="none", log_level="error", lifespan="on"))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.serve)
            while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
                await anyio.sleep(0.01)
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
                order = {"drill": "control", "rig": "lab"}
                await http.post("/api/v1/runs", json=order, headers={"Authorization": f"Bearer {TOKEN}"})
            for _ in range(5):
                await anyio.sleep(0.05)
                await _post_while_busy(port, head.encode() + body)
            server.should_exit = True
        assert stage.runs[0].aborts

    async def _post_while_busy(port: int, request: bytes) -> None:
        told = len(stage.runs[0].alerts)
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(request)
            sent_ns = clock.now_ns()
            while clock.now_ns() < sent_ns + 60_000_000:
                pass  # whoever keeps the loop busy
            with anyio.fail_after(5):
                await anyio.wait_readable(client)
        _, at = stage.runs[0].alerts[told]
        assert at.earliest_ns <= sent_ns <= at.latest_ns

    clock.run(main)


def test_looking_is_never_ahead_of_what_lies_unseen() -> None:
    async def main() -> None:
        looking = Looking()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(looking.keep)
            first_ns = looking.since_ns
            with anyio.fail_after(5):
                while looking.since_ns == first_ns:  # noqa: ASYNC110 - it tells nobody
                    await anyio.sleep(0.01)
            assert first_ns < looking.since_ns < clock.now_ns()
            tasks.cancel_scope.cancel()

    clock.run(main)
