"""
The same drill on links that are the kernel's own: an interface that is really down, and alerts that come all the same.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from harness.config.source import shipped
from harness.netlink.namespaces import may_make
from tests.edge_node.playing import free_port
from tests.supervise.played import crashbench, patient

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(
        bool(may_make()) or os.geteuid() != 0, reason="the kernel's own links take root, and network namespaces"
    ),
]

SHIPPED_PORT = "19095"
SHORT = (
    'drill.fault.0.for="5 s"',
    "drill.hold='6 s'",
    "drill.watch='12 s'",
    'drill.criteria.0.expr="time_to_fail_over < 4 s"',
    'drill.criteria.1.expr="time_to_detect < 5 s"',
)


def test_a_uplink_whose_interface_goes_down_is_failed_over_from_alerted_of_and_returned_to(tmp_path: Path) -> None:
    text = patient(shipped("rig")["lab-cables"].read_text("utf-8")).replace(SHIPPED_PORT, str(free_port()))
    (tmp_path / "cables.toml").write_text(text, encoding="utf-8")
    sets = [word for key in SHORT for word in ("--set", key)]

    run = crashbench(tmp_path, "run", "link-failover", "--rig", str(tmp_path / "cables.toml"), "--json", "-", *sets)
    said, complained = run.communicate(timeout=100)

    assert run.returncode == 0, complained
    record = json.loads(said)
    assert record["reason"] == "1 of 1 trials recovered, every criterion met"
    trial = record["trials"][0]["instants"]
    assert trial["fault_commanded"]["earliest_ns"] <= trial["fault_effective"]["latest_ns"]
    (kept,) = tmp_path.glob("home/runs/*/trials/0/edge")
    assert {path.name for path in kept.iterdir()} == {"node.log", "audit.jsonl"}
    assert trial["detected"]["latest_ns"] < trial["removal_commanded"]["earliest_ns"]
