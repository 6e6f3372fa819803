"""
A cluster of real PostgreSQL servers, whose power is cut: there is one primary, and what was acknowledged is there.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.postgres_node.nodes import PROGRAM, Nodes, is_alive, kill, until

pytestmark = pytest.mark.lab

# For those that are to lose no primary: a busy machine keeps it waiting for a second now and then.
PATIENT = ("--patience-s", "3")

# Also where the table itself was never heard of.
HELD = """
    SELECT CASE WHEN to_regclass('kept') IS NULL THEN 0
                ELSE (xpath('//n/text()', query_to_xml('SELECT count(*) AS n FROM kept', false, true,
'')))[1]::text::int
           END
"""


@pytest.fixture
def nodes() -> Iterator[Nodes]:
    cluster = Nodes()
    try:
        yield cluster
    finally:
        cluster.end()


@pytest.mark.parametrize("times", [1, pytest.param(5, marks=pytest.mark.soak)])
def test_writes_outlive_the_primary_again_and_again(nodes: Nodes, times: int) -> None:
    nodes.boot()
    for _ in range(times):
        nodes.write()
        lost = nodes.primary
        lost.cut()
        nodes.write()
        assert nodes.primary is not lost
        lost.boot()
        nodes.until_whole()
        for node in nodes.all:
            until(lambda node=node: nodes.held(node) == nodes.acknowledged, 10, nodes.told)


@pytest.mark.soak
def test_writes_outlive_cuts_of_any_nodes_in_any_order(nodes: Nodes) -> None:
    nodes.boot()
    rng = Random(7)
    for _ in range(4):
        nodes.write(5)
        dark = rng.sample(nodes.all, rng.choice((1, 2, 3)))
        for node in dark:
            node.cut()
        if len(dark) == 1:
            nodes.write(5)
        rng.shuffle(dark)
        for node in dark:
            node.boot()
        nodes.until_whole()
        assert nodes.held(nodes.primary) == nodes.acknowledged


@pytest.mark.soak
def test_what_only_a_lost_primary_had_was_not_acknowledged_and_goes_with_it(nodes: Nodes) -> None:
    nodes.boot()
    nodes.write(3)
    first = nodes.primary
    others = first.peers
    for node in others:
        node.cut()
    # It is written there, and waits for somebody else to have it; nobody ever hears that it was kept.
    assert first.sql("INSERT INTO kept VALUES (1000)", limit_s=0.5) == []
    rows = first.sql("SELECT count(*) FROM kept WHERE n = 1000")
    first.cut()
    for node in others:
        node.boot()
    nodes.write(3)
    assert nodes.primary is not first
    first.boot()
    nodes.until_whole()
    assert first.sql("SELECT count(*) FROM kept WHERE n = 1000") == [(0,)], rows
    assert nodes.held(first) == nodes.acknowledged == 6
    assert "copies" in first.said()


@pytest.mark.soak
def test_one_node_alone_is_never_promoted(nodes: Nodes) -> None:
    nodes.boot()
    last = next(node for node in nodes.all if not node.is_primary)
    for node in last.peers:
        node.cut()
    until(lambda: "gives up" in last.said(), 15, nodes.told)
    # It has cast its vote, and looks on four times a second.
    assert not any(last.is_primary for _ in range(100))
    assert "promoted" not in last.said()


@pytest.mark.soak
def test_a_node_that_loses_writes_does_so(nodes: Nodes) -> None:
    nodes.boot("--defect", "loses_writes")
    nodes.write()
    lost = nodes.primary
    lost.cut()
    ((held,),) = until(lambda: nodes.primary.sql(HELD), 20, nodes.told)
    assert held < nodes.acknowledged


@pytest.mark.soak
@pytest.mark.parametrize("defect", ["never_promotes", "never_follows"])
def test_a_cluster_that_does_not_mend_itself_stays_broken(nodes: Nodes, defect: str) -> None:
    nodes.boot()
    lost = nodes.primary
    others = lost.peers
    for node in nodes.all:
        node.cut()
    for node in others:
        node.boot("--defect", defect)
    until(lambda: all(node.sql("SELECT 1") for node in others), 20, nodes.told)
    if defect == "never_promotes":
        assert not any(nodes.primaries() for _ in range(30))
    else:
        assert nodes.primary in others
        lost.boot()
        until(lambda: lost.is_following, 20, nodes.told)
        assert sum(node.is_following for node in nodes.all) == 1


def test_nothing_of_a_node_outlives_it(nodes: Nodes) -> None:
    nodes.boot(*PATIENT)
    node = nodes.primary
    postmaster = int((node.folder / "state/data/postmaster.pid").read_text().splitlines()[0])
    backends = [pid for (pid,) in node.sql("SELECT pid FROM pg_stat_activity") or []]
    assert len(backends) > 5
    assert node.process is not None
    kill(node.process.pid)  # and not its group: its postmaster is on a leash of its own
    node.process.communicate(timeout=10)
    node.process = None
    until(lambda: not any(map(is_alive, [postmaster, *backends])), 10)
    segments = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    assert [line for line in segments if int(line.split()[4]) == postmaster] == []


def test_a_node_that_is_told_to_ends_in_order(nodes: Nodes) -> None:
    nodes.boot("--until-eof", *PATIENT)
    node = nodes.primary
    assert node.process is not None
    assert node.process.stdin is not None
    node.process.stdin.close()
    assert node.process.wait(timeout=10) == 0
    node.process = None
    assert node.sql("SELECT 1") is None


def test_nobody_gets_in_but_by_the_roles_that_are_meant_to(nodes: Nodes) -> None:
    nodes.boot(*PATIENT)
    for user, database in (("postgres", "postgres"), ("edge", "postgres"), ("member", "edge")):
        told = f"host=127.0.0.1 port={nodes.primary.port.number} user={user} dbname={database}"
        done = subprocess.run(
            [sys.executable, "-c", f"import psycopg; psycopg.connect({told!r})"], capture_output=True, text=True
        )
        assert "no pg_hba.conf entry" in done.stderr
    assert nodes.primary.sql("SELECT 1 FROM pg_roles WHERE rolname IN ('edge', 'member') AND rolsuper") == []


def test_a_machine_without_postgresql_is_told_what_to_install() -> None:
    script = f"""
import sys, pathlib
sys.path.insert(0, {str(PROGRAM.parent)!r})
import programs, postgres_node
programs.PACKAGES = pathlib.Path("/nowhere")
sys.argv = ["postgres_node", "--check"]
sys.exit(postgres_node.main())
"""
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PATH": "/nowhere"})
    assert done.returncode == 3
    assert done.stderr == "postgres_node: there is no PostgreSQL server on this machine: apt install postgresql\n"


def test_a_machine_with_everything_passes_the_check() -> None:
    done = subprocess.run([sys.executable, str(PROGRAM), "--check"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
