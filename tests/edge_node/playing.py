"""
What the edge node is played to: its origin, links that can be cut, whoever is on call, and the time to wait for it.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import httpx

from harness import clock
from harness.config.data import data
from harness.lab.port import HeldPort

NODE = data("fixtures") / "edge_node" / "edge_node.py"
ORIGIN = data("fixtures") / "origin" / "origin.py"
LOOK_EVERY_S = 0.03

T = TypeVar("T")


def module(name: str) -> ModuleType:
    """
    A module of the node, which is a program and no package: it is found by its folder, or among those that all have.
    """
    before = list(sys.path)
    sys.path[:0] = [str(data("fixtures") / folder) for folder in ("edge_node", "common")]
    try:
        return importlib.import_module(name)
    finally:
        sys.path[:] = before


def wait(seconds: float) -> None:
    """
    Lets others have the processor.
    """
    threading.Event().wait(seconds)


def until(question: Callable[[], T], limit_s: float = 10.0) -> T:
    """
    The first answer that is true.
    """
    limit_ns = clock.now_ns() + round(limit_s * clock.NS_PER_S)
    while not (answer := question()):
        assert clock.now_ns() < limit_ns, "not in time"
        wait(LOOK_EVERY_S)
    return answer


def free_port() -> int:
    """
    A port that nobody listens at, and that nobody else comes to have while these tests run.
    """
    held = HeldPort()
    atexit.register(held.close)
    return held.number


def told(text: str, name: str) -> float | None:
    """
    A metric's value, by its name with its labels.
    """
    found = [line.rpartition(" ")[2] for line in text.splitlines() if line.rpartition(" ")[0] == name]
    return float(found[0]) if found else None


class Program:
    """
    A program that listens at a port of its own.
    """

    def __init__(self, program: Path, *options: str) -> None:
        self.port = free_port()
        self._command = [sys.executable, str(program), "--listen", f"127.0.0.1:{self.port}", "--until-eof", *options]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self._command, stdin=subprocess.PIPE)

    def ask(self, method: str, path: str, content: bytes = b"", *, limit_s: float = 10) -> httpx.Response:
        with httpx.Client(base_url=f"http://127.0.0.1:{self.port}", trust_env=False, timeout=limit_s) as client:
            return client.request(method, path, content=content)

    def metric(self, name: str) -> Any:
        return told(self.ask("GET", "/metrics").text, name)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=5)

    def _answers(self) -> bool:
        assert self.process.poll() is None
        try:
            return self.ask("GET", "/metrics").status_code == 200
        except httpx.TransportError:
            return False


class Origin(Program):
    """
    The origin as a process.
    """

    def __init__(self, *options: str) -> None:
        super().__init__(ORIGIN, *options)

    def start(self) -> None:
        super().start()
        until(self._answers)


class Running(Program):
    """
    One boot of the node.
    """

    def __init__(self, state: Path, *options: str) -> None:
        super().__init__(NODE, "--state", str(state), *options)

    def until_it_answers(self) -> Running:
        until(self._answers)
        return self

    def health(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.ask("GET", "/health").json()
        return answer

    def says(self, **facts: Any) -> bool:
        """
        Whether its health contains all of these.
        """
        return facts.items() <= self.health().items()


Run = Callable[..., Running]


class Link:
    """
    A way to a port of this machine. Up, it carries; cut, nothing comes through and nobody is told, as with a cable;
    refusing, whoever comes is turned away at once.
    """

    def __init__(self, port: int) -> None:
        self._to = port
        self._up = threading.Event()
        self._up.set()
        self._refuses = False
        self.delay_s = 0.0
        """How long what comes back takes."""
        self.peers: list[str] = []
        """Who came, by address."""
        self._server = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, *, refusing: bool = False) -> None:
        self._refuses = refusing
        self._up.clear()

    def mend(self) -> None:
        self._refuses = False
        self._up.set()

    def close(self) -> None:
        self._server.close()
        self._up.set()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, (host, _) = self._server.accept()
                self.peers.append(host)
                threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        if self._refuses:
            near.close()
            return
        self._up.wait()
        with contextlib.suppress(OSError), near, socket.create_connection(("127.0.0.1", self._to)) as far:
            back = threading.Thread(target=self._pump, args=(far, near, True), daemon=True)
            back.start()
            self._pump(near, far, False)
            back.join()

    def _pump(self, source: socket.socket, sink: socket.socket, is_back: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if is_back and self.delay_s:
                    wait(self.delay_s)
                self._up.wait()
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


class OnCall(ThreadingHTTPServer):
    """
    Whoever takes the alerts; `refusals` says how many times they are turned away first.
    """

    request_queue_size = 64

    def __init__(self) -> None:
        self.posts: list[dict[str, Any]] = []
        self.refusals = 0
        super().__init__(("127.0.0.1", 0), _Post)
        self.url = f"http://127.0.0.1:{self.server_port}/api/v1/alerts"
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def named(self, name: str, status: str = "firing") -> list[dict[str, Any]]:
        """
        The labels of each alert of a name.
        """
        alerts = [alert for post in list(self.posts) for alert in post["alerts"] if alert["status"] == status]
        return [alert["labels"] for alert in alerts if alert["labels"]["alertname"] == name]


class _Post(BaseHTTPRequestHandler):
    server: OnCall

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        is_refused, self.server.refusals = self.server.refusals > 0, self.server.refusals - 1
        if not is_refused:
            self.server.posts.append(json.loads(body))
        self.send_response(503 if is_refused else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """
        Says nothing.
        """
