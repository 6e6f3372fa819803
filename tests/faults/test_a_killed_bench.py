"""
Each kind of fault, in the lab, with its bench killed in the middle of it: its undo is carried out, and the DUT is as it
was. (Links and databases have tables of their own, since there are many ways to each.)
"""

from __future__ import annotations

import json
import re
import signal
import socket
from http.client import HTTPConnection
from pathlib import Path

import pytest

from harness import clock, plugins
from harness.config.rig import load_rig
from harness.config.source import shipped
from harness.engine.undo import UndoJournal
from harness.lab.launch import Lab
from harness.model.event import Kind
from harness.supervise.places import undo_path
from tests.supervise import played

pytestmark = [pytest.mark.lab, pytest.mark.vm]

DRILL = """
title = "a long fault"
hypothesis = "It is undone, whoever is killed."
chaos_type = "{kind}"
component = "edge"

[[steady_state]]
kind = "http"
role = "probes.health"
period = "100 ms"
timeout = "1 s"

[[fault]]
kind = "{kind}"
{keys}
"""

# The shipped rig, and the fault's own keys: each lasts longer than its bench.
FAULTS = {
    "power_cut": ("lab", 'role = "power"\nfor = "30 s"'),
    "power_flicker": ("lab", 'role = "power"\ntimes = 40\noff = "150 ms"\non = "350 ms"'),
    "supply_dip": ("lab", 'role = "power"\noff = "30 s"'),
    "sag_loop": ("lab", 'role = "power"\ntimes = 50\noff = "200 ms"'),
    "jittery_plug": ("lab", 'role = "power"\nout = "30 s"'),
    "interrupted_boots": ("lab", 'role = "power"\ntimes = 20\nafter = "500 ms"\noff = "500 ms"'),
    "micro_interruption": ("lab", 'role = "power"\noff = "200 ms"'),
    "reset_pulse": ("lab", 'role = "reset"\nwidth = "100 ms"'),
    "battery_level": ("lab", 'role = "battery"\nlevel = "40 %"\nfor = "30 s"'),
    "battery_drain": ("lab", 'role = "battery"\nevery = "200 ms"'),
    "battery_outage": ("lab", 'role = "battery"\nfor = "30 s"'),
    "gauge_fault": ("lab", 'role = "battery"\nlie = "garbage"\nfor = "30 s"'),
    "process_kill": (
        "lab-gameday",
        'role = "shell"\nworkers = ["sync"]\nprobability = "100 %"\nevery = "300 ms"\ntimes = 50\nlook = "50 ms"',
    ),
    "cache_poison": (
        "lab-gameday",
        'role = "shell"\nfor = "30 s"\nentry = "state/cache/p0-0/*"\npath = "/content/p0-0"',
    ),
    "forged_update": ("lab-gameday", 'role = "api"'),
    "replayed_credential": ("lab-gameday", 'role = "api"\nkey = "secret"'),
}
ELSEWHERE = {"link_cut", "link_flap", "link_latency", "link_loss", "link_shape", "database_drop", "database_slow"}
NOTHING_TO_UNDO = {"noop"}
# What the unit says of itself when nothing is done to it.
WELL = {"status": "ok", "battery_percent": 100.0, "battery_problem": None, "uplink": "fibre", "update": 0}


def test_every_kind_of_fault_is_in_a_table() -> None:
    assert FAULTS.keys() | ELSEWHERE | NOTHING_TO_UNDO == set(plugins.kinds("faults"))


def is_well(lab: Lab) -> bool:
    """
    Whether the DUT says so, in all that it has to tell.
    """
    connection = HTTPConnection(*lab.client.unit_address("edge"), timeout=2)
    try:
        connection.request("GET", "/health")
        told = json.loads(connection.getresponse().read())
    except (OSError, ValueError):
        return False
    finally:
        connection.close()
    return bool(told.items() >= {key: value for key, value in WELL.items() if key in told}.items())


def has_struck(folder: Path) -> bool:
    """
    Whether a fault has taken effect, or is over already.
    """
    record = played.record_of(folder)
    return record is not None and any(
        event.kind in (Kind.FAULT_EFFECTIVE, Kind.REMOVAL_COMMANDED) for event in played.events(record)
    )


def rig_file(folder: Path, name: str) -> Path:
    text = shipped("rig")[name].read_text("utf-8")
    text = re.sub(r'^boot = "[13] s"$', 'boot = "300 ms"', text, flags=re.M)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        text = text.replace("19094", str(free.getsockname()[1]))
    path = folder / "bench.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", FAULTS)
def test_what_it_did_is_undone_by_whoever_outlives_the_bench(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path / "home"))
    name, keys = FAULTS[kind]
    rig = rig_file(tmp_path, name)
    (tmp_path / "long.toml").write_text(DRILL.format(kind=kind, keys=keys), encoding="utf-8")

    async def main() -> None:
        lab = await played.playing(rig)
        run = played.crashbench(tmp_path, "run", str(tmp_path / "long.toml"), "--rig", str(rig))
        try:
            await played.until(lambda: run.poll() is not None or has_struck(tmp_path), 40, "the fault's effect")
            played.kill(played.bench_of(run.pid), signal.SIGKILL)
            await played.until(lambda: run.poll() is not None, 20, "the supervisor's end")
            assert run.returncode == 3, run.communicate()[1]
            assert UndoJournal(undo_path(load_rig(str(rig)))).pending().is_clean
            await played.until(lambda: is_well(lab), 20, "a DUT that is well")
            assert played.is_fed(lab.client)
        finally:
            run.kill()
            run.communicate()
            await lab.stop()

    clock.run(main)
