"""
The `sql_service`, on a real PostgreSQL; and what answers in its place.
"""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import clock
from harness.devices.sql_service import SqlService
from harness.errors import DeviceError, UsageError
from harness.protocols import NoAnswer
from harness.protocols import SqlService as Asked
from tests.edge_node.postgres import Postgres


class Wires:
    def resolve(self, host: str, port: int) -> tuple[str, int]:
        return ("127.0.0.1" if host == "db1" else host), port


def service(conninfo: str) -> SqlService:
    return SqlService("db", SqlService.Config(conninfo=conninfo), Wires())  # type: ignore[arg-type]


def queried(conninfo: str, *statements: str, timeout_s: float = 5.0) -> list[Any]:
    async def main() -> list[Any]:
        device = service(conninfo)
        await device.open()
        assert isinstance(device, Asked)
        told = [await device.query(statement, timeout_s=timeout_s) for statement in statements]
        await device.aclose()
        return told

    return clock.run(main)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with tempfile.TemporaryDirectory(prefix="crashbench-postgres-") as folder:
        os.chmod(folder, 0o755)
        server = Postgres(Path(folder, "server"))
        yield server
        server.stop()


@pytest.mark.lab
def test_it_answers_and_what_it_was_told_is_committed(postgres: Postgres) -> None:
    conninfo = postgres.conninfo.replace("127.0.0.1", "db1")
    told = queried(conninfo, "CREATE TABLE t (x int)", "INSERT INTO t VALUES (7)", "SELECT x, 'a' FROM t")
    assert told == [[], [], [(7, "a")]]
    assert queried(conninfo, "SELECT application_name FROM pg_stat_activity WHERE pid = pg_backend_pid()") == [
        [("crashbench",)]
    ]


@pytest.mark.lab
def test_a_query_that_takes_too_long_is_ended_on_both_sides(postgres: Postgres) -> None:
    began_ns = clock.now_ns()
    with pytest.raises(NoAnswer, match=r"statement timeout|no answer within 0\.5 s"):
        queried(postgres.conninfo, "SELECT pg_sleep(30)", timeout_s=0.5)
    running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%sleep(30)' AND state = 'active'"
    while queried(postgres.conninfo, running) != [[(0,)]]:
        assert clock.now_ns() - began_ns < 10 * clock.NS_PER_S
    assert clock.now_ns() - began_ns < 10 * clock.NS_PER_S


@pytest.mark.lab
@pytest.mark.parametrize("statement", ["SELECT 1/0", "SELEC", "SELECT * FROM nothing"])
def test_a_statement_that_is_refused_is_no_answer(postgres: Postgres, statement: str) -> None:
    with pytest.raises(NoAnswer, match="127"):
        queried(postgres.conninfo, statement)


def test_nobody_there_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(NoAnswer, match="refused"):
        queried(f"host=db1 port={port} user=x", "SELECT 1")


def test_a_server_that_accepts_and_is_silent_is_left_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began_ns = clock.now_ns()
        with pytest.raises(NoAnswer, match=r"no answer within 0\.3 s"):
            queried(f"host=db1 port={silent.getsockname()[1]} user=x", "SELECT 1", timeout_s=0.3)
        assert clock.now_ns() - began_ns < 5 * clock.NS_PER_S


def test_what_talks_something_else_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        import threading

        def greet() -> None:
            client, _ = other.accept()
            with client:
                client.sendall(b"SSH-2.0-x\r\n")

        threading.Thread(target=greet, daemon=True).start()
        with pytest.raises(NoAnswer):
            queried(f"host=db1 port={other.getsockname()[1]} user=x", "SELECT 1", timeout_s=0.5)


def test_one_that_is_not_open_cannot_be_asked() -> None:
    async def main() -> None:
        await service("host=db1").query("SELECT 1", timeout_s=1)

    with pytest.raises(DeviceError, match="is not open"):
        clock.run(main)


@pytest.mark.parametrize("conninfo", ["nonsense", "port=5432", "host=/run/postgresql", "host=a,b", "host=a wrong=1"])
def test_a_place_that_is_none_is_told(conninfo: str) -> None:
    with pytest.raises(UsageError) as error:
        SqlService.Config(conninfo=conninfo)
    assert error.value.key == "conninfo"
