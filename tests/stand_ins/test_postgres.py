"""
A query is waited for no longer than its limit, on a real PostgreSQL server behind a link that is cut.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from harness import clock
from tests.edge_node.playing import Link, module
from tests.edge_node.postgres import Cluster

pytestmark = pytest.mark.lab

LIMIT_S = 0.2
LONG_S = 5.0
# psycopg waits for 5 s when it cancels a query itself.
FAR_BELOW_PSYCOPGS_OWN_S = 3.0


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    made = Cluster()
    yield made
    made.end()


@pytest.fixture
def link(cluster: Cluster) -> Iterator[Link]:
    way = Link(cluster.primary.port)
    yield way
    way.close()


def asked(link: Link, query: str, limit_s: float, *, cut: bool) -> Any:
    limited = module("postgres").limited

    async def main() -> Any:
        where = f"host=127.0.0.1 port={link.port} dbname=postgres user=postgres"
        async with await psycopg.AsyncConnection.connect(where, autocommit=True) as connection:
            if cut:
                link.cut()
            with limited(connection, limit_s):
                return await (await connection.execute(query.encode())).fetchone()

    return asyncio.run(main())


def test_what_is_answered_in_time_is_an_answer(link: Link) -> None:
    assert asked(link, "SELECT 1", LONG_S, cut=False) == (1,)


@pytest.mark.parametrize(("query", "cut"), [("SELECT 1", True), ("SELECT pg_sleep(30)", False)])
def test_what_is_not_is_a_timeout_at_once(link: Link, query: str, cut: bool) -> None:
    before_ns = clock.now_ns()
    with pytest.raises(TimeoutError, match=f"no answer within {LIMIT_S} s"):
        asked(link, query, LIMIT_S, cut=cut)
    assert clock.now_ns() - before_ns < FAR_BELOW_PSYCOPGS_OWN_S * clock.NS_PER_S


def test_what_the_server_refuses_is_its_own_error(link: Link) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable):
        asked(link, "SELECT * FROM nowhere", LONG_S, cut=False)
