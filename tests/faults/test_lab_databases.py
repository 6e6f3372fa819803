"""
The database faults on a real PostgreSQL server, and the drills on a real cluster: each is shown to be there, shown to
be gone, and gone after the bench was killed (the short form is in the table of all faults); nothing is left behind; and
a cluster with a defect does not pass.
"""

from __future__ import annotations

import json
import os
import re
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import pytest

from harness import clock
from harness.assemble import Assembly, Opening, assembled
from harness.config.drill import split
from harness.config.rig import load_rig
from harness.config.source import shipped
from harness.engine.undo import UndoJournal
from harness.errors import BenchError
from harness.lab import place
from harness.lab.launch import Lab, ensure
from harness.model.drill import FaultSpec
from harness.protocols import NoAnswer, SqlService
from harness.supervise.places import undo_path
from tests.faults.batteries import carried_out
from tests.faults.test_lab_links import Common, nothing
from tests.postgres_node.nodes import is_alive
from tests.supervise import played

pytestmark = pytest.mark.lab

RIG = """
title = "a database behind a link"
environment = "lab"
gpio = { factory = "lab" }

[devices]
tried = { kind = "lab_link", link = "way" }
by_link = { kind = "sql_service", conninfo = "host=way dbname=edge user=edge" }
straight = { kind = "sql_service", conninfo = "host=db dbname=edge user=edge" }

[dut.db]
roles = { links.tried = "tried", probes.database = "by_link", probes.itself = "straight" }

[world.units.db]
program = ["postgres_node", "--founds"]
check = true
port = 5432
boot = "0 s"

[world.links.way]
to = "db"
"""

DRILL = """
title = "slow for long"
hypothesis = "It is undone, whoever is killed."
chaos_type = "database_slow"
component = "database"
settle = "60 s"

[[steady_state]]
kind = "sql"
role = "probes.itself"
timeout = "1 s"

[[fault]]
kind = "database_slow"
role = "links.tried"
for = "60 s"
"""

FAULTS = {
    "database_drop": {"for": "6 s", "ratio": "10 %"},
    "database_slow": {"for": "6 s", "least": "200 ms", "most": "400 ms"},
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path / "home"))
    (tmp_path / "bench.toml").write_text(RIG, encoding="utf-8")
    (tmp_path / "slow.toml").write_text(DRILL, encoding="utf-8")


def fault_spec(kind: str) -> FaultSpec:
    common, config = split(Common, {"kind": kind, **FAULTS[kind]}, "faults")
    return FaultSpec(kind=kind, role="links.tried", at_s=0.0, for_s=common.for_s, config=config, seed=3)


def asked_of(lab: Lab) -> list[str]:
    """
    What is being done to the lab's only link.
    """
    (link,) = lab.client.state()["links"].values()
    return list(link["asked"])


async def until_it_answers(bench: Assembly) -> None:
    sql = bench.roles.get("probes.database", SqlService)
    with anyio.fail_after(40):
        while True:
            with suppress(NoAnswer):
                assert await sql.query("SELECT 1", timeout_s=1.0) == [(1,)]
                return
            await anyio.sleep(0.05)


@pytest.mark.soak
@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_is_shown_to_be_there_and_to_be_gone(tmp_path: Path, kind: str) -> None:
    async def main() -> None:
        rig = load_rig(str(tmp_path / "bench.toml"))
        lab = await ensure(rig)
        try:
            async with assembled(rig) as bench:
                await until_it_answers(bench)
                strike, effective, removed = await carried_out(bench.fault(fault_spec(kind)), nothing)
                assert effective is not None, strike.why_not()
                assert strike.removal_commanded is not None
                assert strike.commanded.earliest_ns <= effective.latest_ns < strike.removal_commanded.latest_ns
                assert removed.latest_ns >= strike.removal_commanded.earliest_ns
                assert asked_of(lab) == []
        finally:
            await lab.stop()

    clock.run(main)


@pytest.mark.soak
@pytest.mark.parametrize("who", ["bench", "both"])
def test_a_killed_bench_leaves_the_database_as_it_was(tmp_path: Path, who: str) -> None:
    async def main() -> None:
        rig = load_rig(str(tmp_path / "bench.toml"))
        lab = await ensure(rig)
        run = played.crashbench(tmp_path, "run", str(tmp_path / "slow.toml"), "--rig", str(rig.path))
        try:
            await played.until(lambda: asked_of(lab) == ["stall"], 40, "the fault")
            for pid in [played.bench_of(run.pid), *([run.pid] if who == "both" else [])]:
                os.kill(pid, signal.SIGKILL)
            if who == "both":
                restore = played.crashbench(tmp_path, "restore", "--rig", str(rig.path))
                await played.until(lambda: restore.poll() is not None, 20, "crashbench restore")
                said, complained = restore.communicate()
                assert restore.returncode == 0, said + complained
            else:
                await played.until(lambda: asked_of(lab) == [], 15, "the restore")
                await played.until(lambda: run.poll() is not None, 20, "the supervisor's end")
            assert UndoJournal(undo_path(rig)).pending().is_clean
        finally:
            run.kill()
            run.communicate()
            await lab.stop()

    clock.run(main)


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_lab_that_ends_leaves_nothing_of_its_database(tmp_path: Path, end: str) -> None:
    rig = load_rig(str(tmp_path / "bench.toml"))
    folder = place.scratch(place.address(rig))
    pidfile = folder / "db/state/data/postmaster.pid"
    everyone: list[int] = []

    async def main() -> None:
        lab = await ensure(rig)
        async with assembled(rig, opening=Opening.OBSERVE) as bench:
            await until_it_answers(bench)
            sql = bench.roles.get("probes.itself", SqlService)
            rows = await sql.query("SELECT pid FROM pg_stat_activity", timeout_s=5.0)
        everyone.extend([first_line(pidfile), *(pid for (pid,) in rows)])
        if end == "stop":
            await lab.stop()
        else:
            os.kill(lab.pid, signal.SIGKILL)
            lab.close()
        await played.until(lambda: not any(map(is_alive, everyone)), 10, "the database's end")
        await played.until(lambda: not folder.exists(), 10, "the data's end")

    clock.run(main)
    assert everyone[0] not in makers_of_shared_memory()


def first_line(path: Path) -> int:
    return int(path.read_text().splitlines()[0])


def makers_of_shared_memory() -> set[int]:
    """
    Who made the System V segments that there are.
    """
    return {int(line.split()[4]) for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]}


def test_a_machine_without_postgresql_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = (tmp_path / "bench.toml").read_text()
    missing = "import sys; sys.exit('postgres_node: there is no PostgreSQL server here: apt install postgresql')\n"
    (tmp_path / "node.py").write_text(missing)
    (tmp_path / "bench.toml").write_text(node.replace('"postgres_node"', '"node.py"'))
    with pytest.raises(BenchError, match=r"unit 'db' cannot run: .*apt install postgresql"):
        clock.run(ensure, load_rig(str(tmp_path / "bench.toml")))
    run = played.crashbench(tmp_path, "run", str(tmp_path / "slow.toml"), "--rig", str(tmp_path / "bench.toml"))
    _, complained = run.communicate(timeout=60)
    assert run.returncode == 3
    assert "apt install postgresql" in complained
    assert "Traceback" not in complained


def ran(folder: Path, drill: str, defect: str = "", *words: str) -> tuple[int, dict[str, Any]]:
    """
    The exit code of a shipped drill on the shipped cluster, and its record; with a defect in every database node.
    """
    text = played.patient(shipped("rig")["lab-database"].read_text(encoding="utf-8"))
    if defect:
        text, count = re.subn(r'"postgres_node",', rf'"postgres_node", "--defect", "{defect}",', text)
        assert count == 3
    rig, record = folder / "cluster.toml", folder / "run.json"
    rig.write_text(text, encoding="utf-8")
    run = played.crashbench(folder, "run", drill, "--rig", str(rig), "--json", str(record), *words)
    try:
        _, complained = run.communicate(timeout=280)
    finally:
        run.kill()
    assert record.exists(), complained
    return run.returncode, json.loads(record.read_text())


def verdict(record: dict[str, Any], name: str) -> str:
    (found,) = [judged["verdict"] for judged in record["criteria"] if judged["expr"].split()[0] == name]
    return str(found)


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "drill", ["database-replica-failure", "database-primary-failure", "database-drop", "database-slow"]
)
def test_a_drill_holds_on_a_sound_cluster(tmp_path: Path, drill: str) -> None:
    code, record = ran(tmp_path, drill)
    assert (code, record["verdict"]) == (0, "held"), record["reason"]


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("defect", "deviates"), [("loses_writes", "lost_writes"), ("never_promotes", "time_to_fail_over")]
)
def test_a_primary_failure_shows_what_is_wrong_with_a_cluster(tmp_path: Path, defect: str, deviates: str) -> None:
    words = (
        "--set",
        "drill.watch=40 s",
        "--set",
        'drill.fault=[{kind="power_cut",role="db1.power",at="1 s",for="40 s"}]',
    )
    code, record = ran(tmp_path, "database-primary-failure", defect, *words)
    assert code == 1, record["reason"]
    assert verdict(record, deviates) == "deviated", record["criteria"]
