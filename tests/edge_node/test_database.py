"""
Items in a real PostgreSQL: which server is asked, what is tried again, and what is not waited for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from threading import Thread

import httpx
import psycopg
import pytest

from harness import clock
from tests.edge_node.playing import Link, OnCall, Run, Running, until, wait
from tests.edge_node.postgres import Cluster

# Minutes of real processes: in the long form only.
pytestmark = [pytest.mark.lab, pytest.mark.soak]


@pytest.fixture(scope="module")
def whole() -> Iterator[Cluster]:
    cluster = Cluster()
    yield cluster
    cluster.end()


@pytest.fixture
def cluster(whole: Cluster) -> Iterator[Cluster]:
    """
    One that other tests use too, and find as it was.
    """
    yield whole
    whole.mend()


@pytest.fixture
def own() -> Iterator[Cluster]:
    """
    One that is never again what it was.
    """
    cluster = Cluster()
    yield cluster
    cluster.end()


def ready(run: Run, cluster: Cluster, *options: str) -> Running:
    node = run(*cluster.options(), *options).until_it_answers()
    roles = {cluster.primary.name: "primary", cluster.standby.name: "standby"}
    until(lambda: node.says(databases=roles))
    return node


def write(node: Running, key: str, value: str = "v") -> int:
    return node.ask("POST", "/items", json.dumps({"key": key, "value": value}).encode(), limit_s=30).status_code


def read(node: Running, key: str) -> int:
    return node.ask("GET", f"/items/{key}").status_code


def test_what_is_acknowledged_is_committed_on_the_primary(run: Run, cluster: Cluster) -> None:
    node = ready(run, cluster)
    answer = node.ask("POST", "/items", b'{"key": "committed", "value": "yes"}')
    assert (answer.status_code, answer.json()) == (200, {"key": "committed"})
    assert cluster.primary.sql("SELECT value FROM items WHERE key = 'committed'") == ("yes",)


def test_a_write_again_does_not_double_and_the_last_value_stays(run: Run, cluster: Cluster) -> None:
    node = ready(run, cluster)
    assert [write(node, "twice", value) for value in ("v", "v", "another")] == [200] * 3
    assert cluster.primary.sql("SELECT count(*), min(value) FROM items WHERE key = 'twice'") == (1, "another")


def test_reads_go_to_the_standby_and_only_the_primary_says_that_there_is_none(run: Run, cluster: Cluster) -> None:
    node = ready(run, cluster)
    assert write(node, "read") == 200
    until(lambda: cluster.standby.sql("SELECT value FROM items WHERE key = 'read'"))
    assert read(node, "nothing") == 404
    cluster.primary.kill()
    assert node.ask("GET", "/items/read").json() == {"key": "read", "value": "v"}
    assert read(node, "nothing") == 503


def test_what_is_no_item_is_a_bad_request(run: Run, cluster: Cluster) -> None:
    node = ready(run, cluster)
    for body in (b"", b"[]", b'{"key": "a"}', b'{"key": "a", "value": 1}', b'{"key": "a\\u0000", "value": ""}'):
        assert node.ask("POST", "/items", body).status_code == 400
    assert node.ask("POST", "/items", b'{"key": "a", "value": "\\ud800"}').status_code == 400


def test_without_its_standby_reads_go_to_the_primary_and_no_write_fails(
    run: Run, cluster: Cluster, on_call: OnCall
) -> None:
    node = ready(run, cluster, "--alert-url", on_call.url)
    assert write(node, "before") == 200
    cluster.standby.kill()
    for number in range(20):
        assert (write(node, f"item-{number}"), read(node, "before")) == (200, 200)
    until(lambda: node.says(databases={cluster.primary.name: "primary", cluster.standby.name: "down"}))
    assert node.metric("edge_node_database_reroutes_total") > 0
    until(lambda: on_call.named("DatabaseServerLost"))
    cluster.standby.start()
    until(lambda: node.says(databases={cluster.primary.name: "primary", cluster.standby.name: "standby"}))
    before = node.metric("edge_node_database_reroutes_total")
    assert read(node, "before") == 200
    assert node.metric("edge_node_database_reroutes_total") == before
    until(lambda: on_call.named("DatabaseServerLost", "resolved"))


def test_by_defect_reads_fail_with_the_standby(run: Run, cluster: Cluster) -> None:
    node = ready(run, cluster, "--defect", "reads_not_rerouted")
    assert write(node, "before") == 200
    until(lambda: read(node, "before") == 200)
    cluster.standby.kill()
    assert read(node, "before") == 503
    assert write(node, "after") == 200


def test_a_new_primary_is_found_and_what_was_being_written_is_written_once(run: Run, own: Cluster) -> None:
    node = ready(run, own)
    assert write(node, "before") == 200
    until(lambda: own.standby.sql("SELECT count(*) FROM items") == (1,))
    own.primary.kill()
    statuses: list[int] = []
    writing = Thread(target=lambda: statuses.append(write(node, "during")))
    writing.start()
    wait(0.5)
    assert statuses == []
    own.standby.sql("SELECT pg_promote()")
    writing.join(timeout=10)
    assert statuses == [200]
    assert own.standby.sql("SELECT count(*) FROM items") == (2,)
    assert node.metric("edge_node_database_retries_total") > 0
    assert node.says(databases={own.primary.name: "down", own.standby.name: "primary"})


def test_by_defect_a_write_is_not_tried_again(run: Run, cluster: Cluster) -> None:
    node = ready(run, cluster, "--defect", "no_write_retry")
    cluster.primary.kill()
    assert write(node, "during") == 503
    assert node.metric("edge_node_database_retries_total") == 0


def test_without_any_server_breakers_open_and_the_node_goes_on(run: Run, on_call: OnCall) -> None:
    nowhere = ("--database", "host=127.0.0.1 port=1 dbname=postgres", "--defect", "no_write_retry")
    node = run("--boot-s", "0", *nowhere, "--alert-url", on_call.url).until_it_answers()
    assert [(write(node, "a"), read(node, "a")) for _ in range(3)] == [(503, 503)] * 3
    assert node.says(breakers={"database_reads": "open", "database_writes": "open"})
    before_ns = clock.now_ns()
    assert (write(node, "a"), read(node, "a")) == (503, 503)
    assert clock.now_ns() - before_ns < clock.NS_PER_S
    assert node.metric('edge_node_breaker_openings_total{breaker="database_writes"}') == 1
    assert node.ask("POST", "/records", b"x").status_code == 200
    until(
        lambda: {labels["breaker"] for labels in on_call.named("BreakerOpen")} == {"database_reads", "database_writes"}
    )


@pytest.fixture
def locked(cluster: Cluster) -> Iterator[None]:
    """
    A table that another session keeps to itself: every query of it takes for ever.
    """
    with psycopg.connect(cluster.primary.conninfo) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS items (key text PRIMARY KEY, value text NOT NULL)")
        connection.commit()
        connection.execute("LOCK TABLE items IN ACCESS EXCLUSIVE MODE")
        yield
        connection.rollback()


def test_a_query_longer_than_its_timeout_is_a_timeout_and_no_hang(run: Run, cluster: Cluster, locked: None) -> None:
    node = ready(run, cluster)
    before_ns = clock.now_ns()
    assert (read(node, "a"), write(node, "a")) == (504, 504)
    assert clock.now_ns() - before_ns < 27 * clock.NS_PER_S
    assert node.metric("edge_node_database_timeouts_total") >= 3


def test_by_defect_it_hangs(run: Run, cluster: Cluster, locked: None) -> None:
    node = ready(run, cluster, "--defect", "no_query_timeout")
    with pytest.raises(httpx.ReadTimeout):
        node.ask("GET", "/items/a", limit_s=3)


@pytest.mark.parametrize("trouble", ["slow", "silent"])
def test_a_server_that_is_slow_or_silent_on_the_way_is_a_timeout_too(run: Run, cluster: Cluster, trouble: str) -> None:
    """
    The server answers in time; what it answers does not arrive in time, or ever.
    """
    link = Link(cluster.primary.port)
    conninfo = f"host=127.0.0.1 port={link.port} dbname=postgres user=postgres"
    node = run("--boot-s", "0", "--database", conninfo).until_it_answers()
    until(lambda: node.says(databases={f"127.0.0.1:{link.port}": "primary"}))
    if trouble == "slow":
        link.delay_s = 1.5
    else:
        link.cut()
    before_ns = clock.now_ns()
    assert write(node, "a") in (503, 504)
    assert clock.now_ns() - before_ns < 24 * clock.NS_PER_S
    assert node.metric("edge_node_database_timeouts_total") > 0
    link.mend()
    link.delay_s = 0.0
    until(lambda: write(node, "a") == 200)
    link.close()
