"""
A cluster of real database nodes, each of which can have its power cut.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from harness import clock
from harness.config.data import data
from harness.lab.descent import cut
from harness.lab.port import HOST, HeldPort

PROGRAM = data("fixtures") / "postgres_node" / "postgres_node.py"
NAMES = ("db1", "db2", "db3")
_pause = threading.Event()


def until(condition: Callable[[], Any], limit_s: float = 30.0, told: Callable[[], object] = str) -> Any:
    """
    What the condition came to, as soon as that is something.
    """
    limit_ns = clock.now_ns() + round(limit_s * clock.NS_PER_S)
    while not (found := condition()):
        assert clock.now_ns() < limit_ns, told()
        _pause.wait(0.05)
    return found


class DatabaseNode:
    """
    One of them.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        self.port = HeldPort()
        self.peers: list[DatabaseNode] = []
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port.number}"

    def boot(self, *more: str) -> None:
        """
        Its power comes on.
        """
        peers = [word for peer in self.peers for word in ("--peer", f"{peer.name}={peer.address}")]
        options = ["--listen", self.address, "--state", str(self.folder / "state"), "--name", self.name]
        founds = ["--founds"] if self.name == NAMES[0] else []
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(PROGRAM), *options, *peers, *founds, "--patience-s", "1", *more],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def cut(self) -> None:
        """
        Its power goes.
        """
        if self.process is not None:
            cut(self.process.pid)
            self.process.communicate(timeout=10)
            self.process = None

    def sql(self, text: str, limit_s: float = 5.0) -> list[tuple[Any, ...]] | None:
        """
        The rows of a statement; None for no answer.
        """
        told = f"host={HOST} port={self.port.number} user=edge dbname=edge connect_timeout=2"
        try:
            with psycopg.connect(told, autocommit=True) as connection:
                late = threading.Timer(limit_s, connection.cancel)
                late.start()
                try:
                    cursor = connection.execute(text.encode())
                    return cursor.fetchall() if cursor.description else []
                finally:
                    late.cancel()
        except psycopg.Error:
            return None

    @property
    def is_primary(self) -> bool:
        return self.sql("SELECT 1 WHERE NOT pg_is_in_recovery()") == [(1,)]

    @property
    def is_following(self) -> bool:
        return self.sql("SELECT 1 FROM pg_stat_wal_receiver WHERE status = 'streaming'") == [(1,)]

    def said(self) -> str:
        """
        What its manager said.
        """
        lines = (self.folder / "log").read_text(errors="replace").splitlines()
        return "\n".join(line for line in lines if "postgres_node:" in line)


class Nodes:
    """
    Three of them.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="crashbench-nodes-"))
        self.folder.chmod(0o711)
        self.all = [DatabaseNode(name, self._home(name)) for name in NAMES]
        for node in self.all:
            node.peers = [peer for peer in self.all if peer is not node]
        self.acknowledged = 0

    def _home(self, name: str) -> Path:
        home = self.folder / name
        home.mkdir(0o711)
        return home

    def boot(self, *more: str) -> None:
        """
        All of them, until they are a cluster with a table for what is written.
        """
        for node in self.all:
            node.boot(*more)
        self.until_whole()
        self.primary.sql("CREATE TABLE IF NOT EXISTS kept (n int PRIMARY KEY)")

    def until_whole(self) -> None:
        """
        Until one is the primary, and the others follow it.
        """
        until(lambda: len(self.primaries()) == 1 and sum(node.is_following for node in self.all) == 2, 40, self.told)

    def primaries(self) -> list[DatabaseNode]:
        """
        Those who say that they are; at most one may be.
        """
        found = [node for node in self.all if node.process is not None and node.is_primary]
        assert len(found) <= 1, self.told()
        return found

    @property
    def primary(self) -> DatabaseNode:
        found: DatabaseNode = until(lambda: next(iter(self.primaries()), None), 30, self.told)
        return found

    def write(self, count: int = 20) -> None:
        """
        So many rows, each acknowledged by whoever is the primary.
        """
        for _ in range(count):
            number = self.acknowledged + 1
            statement = f"INSERT INTO kept VALUES ({number}) ON CONFLICT DO NOTHING"
            until(lambda s=statement: self.primary.sql(s) is not None, 30, self.told)  # type: ignore[misc]
            self.acknowledged = number

    def held(self, node: DatabaseNode) -> int:
        """
        How many of the acknowledged rows a node has.
        """
        rows = until(lambda: node.sql(f"SELECT count(*) FROM kept WHERE n <= {self.acknowledged}"), 20, self.told)
        return int(rows[0][0])

    def told(self) -> str:
        """
        What the managers said.
        """
        return "\n".join(f"{node.name}: {node.said()}" for node in self.all)

    def end(self) -> None:
        """
        Leaves nothing.
        """
        for node in self.all:
            node.cut()
            node.port.close()
        shutil.rmtree(self.folder)


def is_alive(pid: int) -> bool:
    """
    Whether there is such a process, and it has not ended.
    """
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def kill(pid: int) -> None:
    """
    One process, and nobody else.
    """
    os.kill(pid, signal.SIGKILL)
