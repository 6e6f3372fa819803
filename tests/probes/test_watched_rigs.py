"""
A whole drill that somebody else's monitoring detects: in virtual time, and in the lab with the watcher as a process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.config.source import shipped
from harness.model.verdict import Verdict
from harness.probes._derived import Derived
from tests.benches import drill, fault, play, probe, rig, shipped_drill
from tests.edge_node.playing import free_port
from tests.supervise.played import patient

TITLE = """
title = "The console says that it boots"
hypothesis = "It does."
chaos_type = "power_outage"
component = "edge-gateway"
hold = "1 s"

[blast_radius]
roles = ["power"]

[[steady_state]]
kind = "http"
role = "probes.health"
period = "100 ms"
timeout = "500 ms"

[[fault]]
kind = "power_cut"
role = "power"
at = "0.5 s"
for = "1 s"

[detected]
kind = "console_line"
role = "console"
unwell = "edge-node: version .* boots"

[[criteria]]
expr = "time_to_detect < 5 s"
"""


def run(drill: str, home: Path, *options: str) -> dict[str, Any]:
    """
    A drill on the rig that is watched, by the command line.
    """
    rig = home / "watched.toml"
    text = patient(shipped("rig")["lab-watched"].read_text("utf-8"))
    rig.write_text(text.replace("19093", str(free_port())), "utf-8")
    command = [sys.executable, "-m", "harness.cli.main", "run", drill, "--rig", str(rig), "--json", "-", *options]
    env = {**os.environ, "CRASHBENCH_HOME": str(home), "CRASHBENCH_ENVIRONMENT": "lab"}
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=90, check=False)
    assert done.returncode in (0, 1), done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.mark.lab
def test_in_the_lab_the_watcher_alerts_and_the_bench_knows_when(tmp_path: Path) -> None:
    told = run("watched-outage", tmp_path)
    assert (told["verdict"], told["trials"][0]["verdict"]) == ("held", "recovered"), told["reason"]
    (trial,) = told["trials"]
    detected, commanded = trial["instants"]["detected"], trial["instants"]["fault_commanded"]
    assert detected["latest_ns"] - detected["earliest_ns"] < 1_250_000_000
    # Polled every 0.5 s with as long a time-out, three bad ones in a row: not before a second.
    assert detected["latest_ns"] - commanded["earliest_ns"] > 0.9e9
    assert detected["earliest_ns"] - commanded["latest_ns"] < 3.5e9
    answered = next(one for one in told["criteria"] if one["expr"].startswith("requests_answered"))
    assert answered["value"] > 20


@pytest.mark.lab
def test_in_the_lab_a_unit_s_own_usb_console_is_heard_from_its_first_word_on(tmp_path: Path) -> None:
    file = tmp_path / "console.toml"
    file.write_text(TITLE)
    told = run(str(file), tmp_path)
    assert told["verdict"] == "held", told["reason"]
    (trial,) = told["trials"]
    detected, removed, ready = (trial["instants"][name] for name in ("detected", "removal_effective", "ready"))
    # Nothing can be said before there is power, and the program says it first of all.
    assert detected["latest_ns"] >= removed["earliest_ns"]
    # It boots for three seconds from its first word on.
    assert ready["earliest_ns"] - detected["latest_ns"] > 2e9


def test_in_virtual_time_it_is_the_same_drill() -> None:
    played = play(shipped_drill("watched-outage"))
    assert played.verdict is Verdict.HELD
    trial = played.trial
    assert trial.truth is not None
    for name, instant in trial.instants.items():
        if instant is not None:
            assert instant.holds(trial.truth[name]), name


def test_what_no_world_s_book_tells_is_left_out_of_its_truth() -> None:
    value = {"name": "up_s", "metric": "edge_node_uptime_seconds", "min": 0.0}
    metric = probe("metric", "probes.metrics", name="metrics", values=(Derived(**value),))  # type: ignore[arg-type]
    quiet = probe("alertmanager", "alerts", name="alerts")
    for other in (metric, quiet):
        played = play(drill([fault()], [probe(), other]), rig(unit={"boot_s": 1.0}))
        truth = played.trial.truth
        assert truth is not None
        assert "fault_effective" in truth
        assert not {"steady_lost", "ready"} & truth.keys()


def test_the_watched_rig_and_its_drill_are_shipped() -> None:
    assert "lab-watched" in shipped("rig")
    assert "watched-outage" in shipped("drill")
