"""
Each kind of fault, in the lab: shown to have taken effect, shown to be gone, and undone by whoever outlives its bench.
(Links have a table of their own besides, since there are many ways to each.)
"""

from __future__ import annotations

import json
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest

from harness import clock, plugins
from harness.config.rig import load_rig
from harness.config.source import shipped
from harness.engine.undo import UndoJournal
from harness.lab import place
from harness.lab.launch import Lab
from harness.model.event import Kind
from harness.supervise.places import undo_path
from tests.edge_node.playing import free_port
from tests.faults.test_lab_databases import RIG as DATABASE
from tests.supervise import played

pytestmark = [pytest.mark.lab, pytest.mark.vm]

DRILL = """
title = "a fault, again and again"
hypothesis = "It is undone, whoever is killed."
chaos_type = "{kind}"
component = "edge"
hold = "200 ms"
settle = "20 s"

[[steady_state]]
kind = "{probe}"
role = "{seen}"
period = "100 ms"
timeout = "1 s"

[[fault]]
kind = "{kind}"
role = "{role}"
{keys}
"""


@dataclass(frozen=True, slots=True)
class Row:
    """
    On which rig the fault strikes, in which role, with which keys of its own: long enough to be killed in.
    """

    rig: str
    role: str
    keys: str = ""


# What the unit says of itself when nothing is done to it.
WELL = {"status": "ok", "battery_percent": 100.0, "battery_problem": None, "uplink": "fibre", "update": 0}
POISON = b"crashbench: this is not what was here"

FAULTS = {
    "power_cut": Row("lab", "power", 'for = "1 s"'),
    "power_flicker": Row("lab", "power", 'times = 4\noff = "150 ms"\non = "350 ms"'),
    "supply_dip": Row("lab", "power", 'off = "1 s"'),
    "sag_loop": Row("lab", "power", 'times = 3\noff = "200 ms"'),
    "jittery_plug": Row("lab", "power", 'out = "1 s"'),
    "interrupted_boots": Row("lab", "power", 'times = 2\nafter = "250 ms"\nanswer = "100 ms"\noff = "500 ms"'),
    "micro_interruption": Row("lab", "power", 'off = "500 ms"'),
    "reset_pulse": Row("lab", "reset", 'width = "100 ms"'),
    "battery_level": Row("lab", "battery", 'level = "40 %"\nfor = "3 s"'),
    "battery_drain": Row("lab", "battery", 'every = "200 ms"\nto = "94 %"'),
    "battery_outage": Row("lab", "battery", 'for = "3 s"'),
    "gauge_fault": Row("lab", "battery", 'lie = "garbage"\nfor = "3 s"'),
    "process_kill": Row(
        "lab-gameday",
        "shell",
        'workers = ["sync"]\nprobability = "100 %"\nevery = "300 ms"\ntimes = 4\nlook = "50 ms"',
    ),
    "cache_poison": Row("lab-gameday", "shell", 'for = "1 s"\nentry = "state/cache/p0-0/*"\npath = "/content/p0-0"'),
    "forged_update": Row("lab-gameday", "api"),
    "replayed_credential": Row("lab-gameday", "api", 'key = "secret"'),
    "link_cut": Row("lab-links", "links.fibre", 'for = "1 s"\nanswer = "100 ms"'),
    "link_flap": Row("lab-links", "links.fibre", 'times = 2\ndown = "500 ms"\nup = "300 ms"\nanswer = "100 ms"'),
    "link_latency": Row("lab-links", "links.fibre", 'least = "300 ms"\nmost = "350 ms"\nfor = "4 s"'),
    "link_loss": Row("lab-links", "links.fibre", 'ratio = "50 %"\nfor = "5 s"\nanswer = "300 ms"'),
    "link_shape": Row("lab-links", "links.fibre", 'corrupt = "20 %"\nrate = "128 kbit/s"\nfor = "6 s"'),
    "database_drop": Row("database", "links.tried", 'ratio = "30 %"\nfor = "2 s"'),
    "database_slow": Row("database", "links.tried", 'least = "700 ms"\nmost = "900 ms"\nfor = "6 s"'),
}
NOTHING_TO_UNDO = {"noop"}
# Over before anybody could be killed in them.
SHORT = {"micro_interruption", "reset_pulse", "forged_update", "replayed_credential"}


def test_every_kind_of_fault_is_in_the_table() -> None:
    assert FAULTS.keys() | NOTHING_TO_UNDO == set(plugins.kinds("faults"))


@pytest.fixture(scope="module")
def rigs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Path]]:
    """
    The file of each rig, in a home of its own. Its lab goes on from one kind to the next, and ends with the last one.
    """
    made: dict[str, Path] = {}

    def rig_of(name: str) -> Path:
        if name not in made:
            made[name] = rig_file(tmp_path_factory.mktemp(name), name)
        return made[name]

    yield rig_of
    for path in made.values():
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CRASHBENCH_HOME", str(path.parent / "home"))
            clock.run(ended, path)


async def ended(rig: Path) -> None:
    await (await played.playing(rig)).stop()


def rig_file(folder: Path, name: str) -> Path:
    text = DATABASE if name == "database" else shipped("rig")[name].read_text("utf-8")
    text = played.patient(re.sub(r'^boot = "3 s"$', 'boot = "1 s"', text, flags=re.M))
    text = text.replace("19094", str(free_port()))
    path = folder / "bench.toml"
    path.write_text(text, encoding="utf-8")
    return path


def is_well(lab: Lab) -> bool:
    """
    Whether nothing is done to any link, and the DUT says that it is well, in all that it has to tell.
    """
    state = lab.client.state()
    if any(link["asked"] for link in state["links"].values()):
        return False
    if "edge" not in state["units"]:
        return bool(state["units"]["db"]["state"] == "serving")
    connection = HTTPConnection(*lab.client.unit_address("edge"), timeout=2)
    try:
        connection.request("GET", "/health")
        told = json.loads(connection.getresponse().read())
    except (OSError, ValueError):
        return False
    finally:
        connection.close()
    return bool(told.items() >= {key: value for key, value in WELL.items() if key in told}.items())


def poisoned(rig: Path) -> list[Path]:
    """
    What on the units' disks has poison in it.
    """
    folder = place.scratch(place.address(load_rig(str(rig))))
    return [path for path in folder.glob("*/state/cache/**/*") if has_poison(path)]


def has_poison(path: Path) -> bool:
    """
    Not so of what a worker takes away meanwhile.
    """
    try:
        return path.is_file() and POISON in path.read_bytes()
    except FileNotFoundError:
        return False


def seen(folder: Path, trial: int) -> list[Kind]:
    """
    What is on record of a trial.
    """
    record = played.record_of(folder)
    return [] if record is None else [event.kind for event in played.events(record) if event.trial == trial]


def is_struck(folder: Path, kind: str) -> bool:
    """
    Whether, after a whole trial, the fault is in effect now; one that is over at once may be over.
    """
    record = played.record_of(folder)
    after = [] if record is None else [event for event in played.events(record) if event.trial]
    told = [event.kind for event in after if event.trial == after[-1].trial]
    return Kind.FAULT_EFFECTIVE in told and (kind in SHORT or Kind.REMOVAL_COMMANDED not in told)


@pytest.mark.parametrize("kind", FAULTS)
def test_it_is_there_and_gone_and_undone_by_whoever_outlives_the_bench(
    rigs: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    rig = rigs(FAULTS[kind].rig)
    monkeypatch.setenv("CRASHBENCH_HOME", str(rig.parent / "home"))
    clock.run(struck_twice, kind, rig)


async def struck_twice(kind: str, rig: Path) -> None:
    """
    A first trial runs to its end; in one after it, the bench is killed.
    """
    row, folder = FAULTS[kind], rig.parent
    probe, role = ("sql", "probes.itself") if row.rig == "database" else ("http", "probes.health")
    text = DRILL.format(kind=kind, role=row.role, keys=row.keys, probe=probe, seen=role)
    (folder / "drill.toml").write_text(text, encoding="utf-8")
    shutil.rmtree(folder / "home" / "runs", ignore_errors=True)
    lab = await played.playing(rig)
    await played.until(lambda: {u["state"] for u in lab.client.state()["units"].values()} == {"serving"}, 20, "service")
    run = played.crashbench(folder, "run", str(folder / "drill.toml"), "--rig", str(rig), "--trials", "9")
    try:
        await played.until(lambda: run.poll() is not None or is_struck(folder, kind), 60, "the second effect")
        assert run.poll() is None, run.communicate()
        played.kill(played.bench_of(run.pid), signal.SIGKILL)
        assert set(seen(folder, 0)) >= {Kind.FAULT_EFFECTIVE, Kind.REMOVAL_EFFECTIVE}
        await played.until(lambda: run.poll() is not None, 20, "the supervisor's end")
        assert run.returncode == 3, run.communicate()[1]
        assert UndoJournal(undo_path(load_rig(str(rig)))).pending().is_clean
        assert poisoned(rig) == []
        await played.until(lambda: is_well(lab), 20, "a DUT that is well")
        assert "main" not in lab.client.state()["rails"] or played.is_fed(lab.client)
    finally:
        run.kill()
        run.communicate()
        lab.close()
