"""
Real PostgreSQL servers of this machine's packages, as an unprivileged user, in folders of their own.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import psycopg

from tests.edge_node.playing import free_port, until

# Quick to start, and small. A killed server keeps what it wrote without fsync too: it is in the page cache.
SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
shared_buffers = 16MB
max_connections = 40
wal_keep_size = 64MB
max_wal_size = 128MB
"""


def programs() -> Path:
    """
    Where initdb, postgres and pg_basebackup are.
    """
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("postgres")
    if not found and on_path is None:
        raise AssertionError("these tests need a PostgreSQL server: apt install postgresql")
    return (found[-1] if found else Path(str(on_path)).resolve()).parent


class Postgres:
    """
    One server: a primary of its own, or a standby of another one.
    """

    def __init__(self, folder: Path, of: Postgres | None = None) -> None:
        self.port, self._data, self._log = free_port(), folder / "data", folder / "log"
        self._user = "postgres" if _exists("postgres") else "nobody"
        folder.mkdir()
        if os.getuid() == 0:
            shutil.chown(folder, self._user)
        if of is None:
            self._run("initdb", "-D", str(self._data), "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8")
            with open(self._data / "postgresql.conf", "a") as settings:
                settings.write(SETTINGS)
        else:
            self._run("pg_basebackup", "-d", of.conninfo, "-D", str(self._data), "-R", "-X", "stream", "-c", "fast")
        self.start()

    @property
    def conninfo(self) -> str:
        return f"host=127.0.0.1 port={self.port} dbname=postgres user=postgres"

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """
        Starts it, and returns when it answers.
        """
        self._boot()
        until(self._answers, limit_s=30)

    def kill(self) -> None:
        """
        As when its power is cut.
        """
        self._process.kill()
        self._process.wait(timeout=10)

    @property
    def is_dead(self) -> bool:
        """
        Whether it was killed.
        """
        return self._process.poll() is not None

    def stop(self) -> None:
        """
        Ends it in a hurry, its children too.
        """
        if not self.is_dead:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(timeout=10)

    def sql(self, text: str) -> Any:
        """
        The first row.
        """
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            cursor = connection.execute(text.encode())
            return cursor.fetchone() if cursor.description else None

    def _boot(self) -> None:
        command = [str(programs() / "postgres"), "-D", str(self._data), "-p", str(self.port)]
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", **self._unprivileged()
            )

    def _answers(self) -> bool:
        if self.is_dead:
            self._boot()  # the children of one that was killed take a moment to notice, and until then it has to wait
        try:
            return self.sql("SELECT true") == (True,)
        except psycopg.OperationalError:
            return False

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(programs() / program), *arguments], check=True, capture_output=True, cwd="/", **self._unprivileged()
        )

    def _unprivileged(self) -> dict[str, Any]:
        if os.getuid() != 0:
            return {}
        entry = pwd.getpwnam(self._user)
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


class Cluster:
    """
    A primary and its standby. They are not in pytest's own folder, which is its user's alone.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="crashbench-postgres-")
        os.chmod(self._folder.name, 0o755)
        self.primary = Postgres(Path(self._folder.name, "first"))
        self.standby = Postgres(Path(self._folder.name, "second"), of=self.primary)

    def options(self) -> list[str]:
        """
        What a node is told of them.
        """
        return ["--boot-s", "0", "--database", self.primary.conninfo, "--database", self.standby.conninfo]

    def mend(self) -> None:
        """
        Starts what was killed.
        """
        for server in (self.primary, self.standby):
            if server.is_dead:
                server.start()

    def end(self) -> None:
        """
        Stops both, and leaves nothing behind.
        """
        for server in (self.standby, self.primary):
            server.stop()
        self._folder.cleanup()


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True
