"""
A DUT in virtual time whose workers can be killed, whose cache can be poisoned, and which can be attacked.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Sequence

import anyio

from harness import clock
from harness.errors import DeviceError
from harness.protocols import HttpAnswer, NoAnswer, ShellAnswer

S = clock.NS_PER_S
KEY = b"a key"
WALL_S = 1_000_000


class Node:
    """
    Its shell is itself, and so is its service. Workers are there again `restart_s` after their end; None: never. One
    that is `deaf` takes no notice of signals.
    """

    name = "node"

    def __init__(self, *workers: str, restart_s: float | None = 0.2, deaf: bool = False) -> None:
        self._restart_s, self._deaf = restart_s, deaf
        self._pids = {worker: 100 + index for index, worker in enumerate(workers)}
        self._died_ns: dict[str, int] = {}
        self._next = 1000
        self.signals: list[tuple[int, str, str]] = []
        """When (ns) which worker was sent what."""
        self.undone: list[str] = []
        self.is_silent = self.is_unreachable = False
        self.right = b"the right content"
        self.disk: dict[str, bytes] = {"cache/a/1": self.right}
        self.checks_hash, self.heals = True, True
        self.undo_fails = 0
        self.accepts = False
        self.installed = 4
        self.seen: set[str] = set()
        self.posted: list[tuple[str, dict[str, object]]] = []

    async def open(self) -> None: ...

    async def aclose(self) -> None: ...

    async def make_safe(self) -> None: ...

    async def undo(self, action: str) -> None:
        self.undone.append(action)
        if self.undo_fails:
            self.undo_fails -= 1
            raise DeviceError(self.name, "failed as asked")
        for name, data in list(self.disk.items()):
            if hashlib.sha256(data).hexdigest() in action:
                del self.disk[name]

    def pid(self, worker: str) -> int | None:
        """
        A worker's process, as it is now.
        """
        died_ns = self._died_ns.get(worker)
        if died_ns is None:
            return self._pids[worker]
        if self._restart_s is None or clock.now_ns() < died_ns + self._restart_s * S:
            return None
        del self._died_ns[worker]
        self._pids[worker], self._next = self._next, self._next + 1
        return self._pids[worker]

    def back_ns(self, worker: str) -> int:
        """
        When a worker that is dead now will be back, or that is alive came back last.
        """
        assert self._restart_s is not None
        return self.signals[-1][0] + round(self._restart_s * S)

    async def pids(self, pattern: str, *, timeout_s: float) -> list[int]:
        self._reach()
        await anyio.sleep(0.01)
        return [pid for worker in self._pids if re.search(pattern, f"worker {worker}") and (pid := self.pid(worker))]

    async def signal(self, pid: int, name: str, *, timeout_s: float) -> bool:
        self._reach()
        worker = next((worker for worker in self._pids if self.pid(worker) == pid), None)
        if worker is None:
            return False
        self.signals.append((clock.now_ns(), worker, name))
        if not self._deaf:
            self._died_ns[worker] = clock.now_ns()
        return True

    async def run(self, argv: Sequence[str], *, timeout_s: float) -> ShellAnswer:
        self._reach()
        await anyio.sleep(0.01)
        if argv[0] == "cat":
            return ShellAnswer(0, KEY + b"\n", b"") if argv[1] == "key" else ShellAnswer(1, b"", b"No such file")
        if argv[0] == "date":
            return ShellAnswer(0, b"%d\n" % (WALL_S + clock.now_ns() // S), b"")
        assert argv[:2] == ["sh", "-c"]
        return self._script(argv[2])

    async def request(self, method: str, path: str, body: bytes = b"") -> HttpAnswer:
        if self.is_silent:
            raise NoAnswer("connection refused")
        await anyio.sleep(0.003)
        if path == "/health":
            workers = {worker: {"pid": self.pid(worker)} for worker in self._pids}
            return HttpAnswer(200, json.dumps({"workers": workers, "update": self.installed}).encode())
        if method == "POST":
            told = json.loads(body)
            self.posted.append((path, told))
            return HttpAnswer(200 if self._takes(path, told) else 403, b"{}")
        return self._content()

    def _reach(self) -> None:
        if self.is_unreachable:
            raise NoAnswer("no route to host")

    def _takes(self, path: str, told: dict[str, object]) -> bool:
        if path == "/update":
            return self.accepts
        lines = "\n".join(str(word) for word in ("session", told["timestamp"], told["nonce"], told["user"]))
        is_signed = told["signature"] == hmac.new(KEY, lines.encode(), hashlib.sha256).hexdigest()
        is_fresh = str(told["nonce"]) not in self.seen or self.accepts
        self.seen.add(str(told["nonce"]))
        return is_signed and is_fresh

    def _content(self) -> HttpAnswer:
        data = self.disk.get("cache/a/1")
        if self.checks_hash and data != self.right:
            self.disk.pop("cache/a/1", None)
            if not self.heals:
                return HttpAnswer(503, b"")
            self.disk["cache/a/1"] = data = self.right
        if data is None:
            self.disk["cache/a/1"] = data = self.right
        return HttpAnswer(200, data)

    def _script(self, script: str) -> ShellAnswer:
        """
        What a shell makes of the scripts of a poisoning, for the one entry there is.
        """
        if "cache/a/*" not in script or len(self.disk) != 1:
            return ShellAnswer(3, b"", b"%d files are called that\n" % len(self.disk))
        ((file, data),) = self.disk.items()
        put = re.search(r"printf %s '([^']*)' > ", script)
        if put and not self._deaf:
            self.disk[file] = data = put[1].encode()
        return ShellAnswer(0, f"{hashlib.sha256(data).hexdigest()}  -\n{file}".encode(), b"")
