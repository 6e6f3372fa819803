"""
In virtual time a board is run for the drills that need it, and costs the others nothing.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness import clock
from harness.assemble import Opening, assembled
from harness.config.drill import load_drill
from harness.config.rig import load_rig
from harness.engine.drill import DrillRun
from harness.engine.undo import UndoJournal
from harness.model.event import Event
from harness.model.rig import ArtifactSpec, InterlockSpec, RigSpec
from harness.model.verdict import Verdict
from harness.supervise.head import run_head
from harness.supervise.request import RunRequest

SIM = load_rig("sim")
EDGE = SIM.duts["edge"]


def devices(rig: RigSpec, drill: str | None, opening: Opening = Opening.RUN) -> set[str]:
    """
    What of a rig is opened for a drill.
    """

    async def main() -> set[str]:
        spec = None if drill is None else load_drill(drill)
        async with assembled(rig, opening=opening, drill=spec) as bench:
            assert bench.rig.devices.keys() == bench.devices.keys() >= set(bench.rig.duts["edge"].roles.values())
            assert (bench.firmware is not None) == ("pico" in bench.devices)
            return set(bench.devices)

    return clock.run(main, virtual=True)


def test_a_drill_without_a_battery_runs_without_the_board() -> None:
    assert devices(SIM, "power-outage") == set(SIM.devices) - {"pico", "battery"}


def test_a_drill_with_a_battery_and_whoever_names_no_drill_run_with_it() -> None:
    assert devices(SIM, "battery-drain") == set(SIM.devices)
    assert devices(SIM, None) == set(SIM.devices)


@pytest.mark.parametrize(
    "rig",
    [
        replace(SIM, interlocks=(InterlockSpec(devices=("mains", "battery")),)),
        replace(SIM, duts={"edge": replace(EDGE, artifacts={"log": ArtifactSpec(role="battery", run=("log",))})}),
        replace(SIM, duts={"edge": replace(EDGE, roles={**EDGE.roles, "meter": "battery"})}),
    ],
    ids=["interlock", "artifact", "meter"],
)
def test_what_is_asked_for_by_others_than_the_drill_stays(rig: RigSpec) -> None:
    assert "battery" in devices(rig, "control")


def test_the_board_that_cuts_the_power_is_always_there() -> None:
    rig = load_rig("sim-board")
    assert devices(rig, "control") == set(rig.devices)


def test_a_battery_drains_on_sim_and_every_percent_is_seen() -> None:
    events: list[Event] = []
    drill = load_drill("battery-drain")

    async def main() -> Verdict:
        async with assembled(SIM, 1, drill=drill) as bench:
            head = run_head(RunRequest(drill=drill.name, rig="sim", seed=1), drill, SIM, bench.wiring, bench.firmware)
            return await DrillRun(drill, bench, head, UndoJournal(None), events.append).run()

    assert clock.run(main, virtual=True) is Verdict.HELD, events[-1]
