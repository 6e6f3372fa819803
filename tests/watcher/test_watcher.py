"""
The watcher as a process: it polls a service, and tells a receiver in Alertmanager's form what fires and what is over.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from harness.config.data import data
from harness.model.alert import Alert, alerts_of
from tests.edge_node.playing import Program, until, wait

WATCHER = data("fixtures") / "watcher" / "watcher.py"


class Played:
    """
    A service that is watched, and whoever is on call; both can be made to fail.
    """

    def __init__(self) -> None:
        self.health, self.metrics, self.taking = 200, "", 200
        self.posts: list[tuple[str, dict[str, Any], str]] = []
        self._servers = [self._server(self._watched), self._server(self._on_call)]
        self.urls = [f"http://127.0.0.1:{server.server_address[1]}" for server in self._servers]

    def firing(self) -> list[tuple[str, bool]]:
        """
        What was taken, as alerts.
        """
        return [(alert.name, alert.is_firing) for _, body, _ in self.posts for alert in alerts_of(body)]

    def close(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def _watched(self, handler: BaseHTTPRequestHandler) -> tuple[int, bytes]:
        if handler.path == "/health":
            return self.health, b"{}"
        return (200, self.metrics.encode()) if self.metrics else (404, b"")

    def _on_call(self, handler: BaseHTTPRequestHandler) -> tuple[int, bytes]:
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        if self.taking == 200:
            self.posts.append((handler.path, body, handler.headers.get("Authorization", "")))
        return self.taking, b""

    @staticmethod
    def _server(answer: Callable[[BaseHTTPRequestHandler], tuple[int, bytes]]) -> ThreadingHTTPServer:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = answer(self)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *told: Any) -> None: ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return server


@pytest.fixture
def played() -> Iterator[Played]:
    one = Played()
    yield one
    one.close()


class Watcher(Program):
    def __init__(self, played: Played, *options: str) -> None:
        watch, post = played.urls
        paces = ["--every-s", "0.05", "--timeout-s", "0.5", "--watch", watch, "--alert-url", f"{post}/hook?x=1"]
        super().__init__(WATCHER, *paces, *options)
        until(lambda: self.polls() >= 2)

    def polls(self) -> int:
        try:
            return int(self.ask("GET", "/").json()["polls"])
        except httpx.TransportError:  # it is not there yet
            return 0

    def look(self, times: int = 5) -> None:
        """
        Lets it look a few times more.
        """
        enough = self.polls() + times
        until(lambda: self.polls() >= enough)


@pytest.fixture
def watcher(played: Played) -> Iterator[Callable[..., Watcher]]:
    made: list[Watcher] = []

    def make(*options: str) -> Watcher:
        made.append(Watcher(played, *options))
        return made[-1]

    yield make
    for one in made:
        one.kill()


# Minutes of real processes: in the long form only.
pytestmark = [pytest.mark.lab, pytest.mark.soak]


def test_a_service_that_fails_is_told_and_that_it_is_over(played: Played, watcher: Callable[..., Watcher]) -> None:
    one = watcher()
    assert played.firing() == []
    played.health = 503
    until(lambda: played.firing() == [("DutDown", True)])
    assert one.ask("GET", "/").json()["firing"] == ["DutDown"]
    one.look()
    played.health = 200
    until(lambda: played.firing() == [("DutDown", True), ("DutDown", False)])
    one.look()
    assert len(played.posts) == 2
    path, body, _ = played.posts[0]
    assert path == "/hook?x=1"
    (alert,) = alerts_of(body)
    instance = played.urls[0].removeprefix("http://")
    assert alert == Alert(
        key=f"DutDown-{instance}-watcher",
        is_firing=True,
        labels={"alertname": "DutDown", "instance": instance, "job": "watcher"},
    )


def test_it_fires_after_so_many_bad_polls_in_a_row_and_not_before(
    played: Played, watcher: Callable[..., Watcher]
) -> None:
    one = watcher("--failures", "1000000")
    played.health = 503
    one.look(20)
    assert played.posts == []


def test_what_is_not_taken_is_told_again_until_it_is(played: Played, watcher: Callable[..., Watcher]) -> None:
    one = watcher()
    played.taking, played.health = 503, 503
    one.look(10)
    assert played.posts == []
    played.taking = 200
    until(lambda: played.firing() == [("DutDown", True)])


def test_who_never_heard_that_it_fires_does_not_hear_that_it_is_over(
    played: Played, watcher: Callable[..., Watcher]
) -> None:
    one = watcher()
    played.taking, played.health = 503, 503
    until(lambda: one.ask("GET", "/").json()["firing"] == ["DutDown"])
    played.health = 200
    until(lambda: one.ask("GET", "/").json()["firing"] == [])
    played.taking = 200
    one.look(10)
    assert played.posts == []


def test_what_fires_is_told_anew_every_now_and_then(played: Played, watcher: Callable[..., Watcher]) -> None:
    watcher("--repeat-s", "0.2")
    played.health = 503
    until(lambda: played.firing() == [("DutDown", True)] * 3)
    played.health = 200
    until(lambda: played.firing()[-1] == ("DutDown", False))
    wait(0.5)
    assert played.firing().count(("DutDown", False)) == 1


def test_a_rule_on_a_metric_looks_at_every_sample(played: Played, watcher: Callable[..., Watcher]) -> None:
    played.metrics = '# TYPE up gauge\nup{worker="a"} 1\nup{worker="b"} 1\n'
    one = watcher("--rule", "WorkerDown=up<1", "--rule", 'BDown=up{worker="b"}<1', "--alert", "Away")
    one.look()
    assert played.posts == []
    played.metrics = 'up{worker="a"} 0\nup{worker="b"} 1\n'
    until(lambda: played.firing() == [("WorkerDown", True)])
    played.metrics = ""  # that it is away is another alert, and says nothing of this one
    one.look(10)
    assert played.firing() == [("WorkerDown", True)]


def test_it_has_a_token_for_a_host(played: Played, watcher: Callable[..., Watcher]) -> None:
    watcher("--token", "secret")
    played.health = 500
    until(lambda: played.posts)
    assert played.posts[0][2] == "Bearer secret"


def test_it_ends_when_whoever_started_it_does(played: Played, watcher: Callable[..., Watcher]) -> None:
    one = watcher()
    assert one.process.stdin is not None
    one.process.stdin.close()
    assert one.process.wait(5) == 0
    one.process.stdin = None


def test_a_rule_that_is_none_is_told(played: Played) -> None:
    one = Program(WATCHER, "--watch", played.urls[0], "--rule", "nonsense")
    assert one.process.wait(10) == 2
    one.kill()
