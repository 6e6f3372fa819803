"""
Battery drills in the lab: the real firmware on the real VM, read over its bus by a real program.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.supervise.played import crashbench, quick_rig

pytestmark = [pytest.mark.lab, pytest.mark.vm]


def run(folder: Path, drill: str, *overrides: str) -> Any:
    """
    The record of a shipped drill on the shipped lab, with a unit that boots in no time.
    """
    rig = quick_rig(folder, "lab")
    sets = [word for override in overrides for word in ("--set", override)]
    told, errors = crashbench(folder, "run", drill, "--rig", str(rig), "--json", "-", *sets).communicate(timeout=60)
    assert told, errors
    return json.loads(told)


def test_a_drain_in_a_hurry_shows_the_dut_every_percent_and_what_it_lets_go_of(tmp_path: Path) -> None:
    record = run(
        tmp_path,
        "battery-drain",
        'drill.fault.0.at="200 ms"',
        'drill.fault.0.every="1500 ms"',
        'drill.fault.0.from="53 %"',
        'drill.fault.0.to="48 %"',
        'drill.steady_state.0.period="250 ms"',
        'drill.steady_state.1.period="50 ms"',
        'drill.steady_state.2.period="100 ms"',
        'drill.hold="500 ms"',
        'drill.criteria.0.expr="percents_seen == 7"',
        'drill.criteria.1.expr="shed_level_most == 1"',
    )
    assert (record["verdict"], record["reason"]) == ("held", "1 of 1 trials recovered, every criterion met")
    assert [judged["value"] for judged in record["criteria"][:3]] == [7, 1, 0]
    (trial,) = record["trials"]
    instants = trial["instants"]
    assert instants["fault_commanded"]["latest_ns"] < instants["fault_effective"]["latest_ns"]
    assert instants["removal_commanded"]["earliest_ns"] <= instants["removal_effective"]["latest_ns"]


@pytest.mark.parametrize("lie", ["nack", "garbage"])
def test_a_lie_reaches_the_program_and_ends_with_the_drill(tmp_path: Path, lie: str) -> None:
    record = run(
        tmp_path,
        "battery-outage",
        'drill.fault.0.kind="gauge_fault"',
        f'drill.fault.0.lie="{lie}"',
        'drill.fault.0.at="200 ms"',
        'drill.fault.0.for="3 s"',
        'drill.hold="500 ms"',
        'drill.criteria.2.expr="shed_level_most == 0"',
    )
    assert (record["verdict"], record["reason"]) == ("held", "1 of 1 trials recovered, every criterion met")
