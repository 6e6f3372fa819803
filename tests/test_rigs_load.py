"""
Every rig and every drill that is shipped loads, and every drill holds on the rigs in virtual time that it fits: one at
least, unless it is said here what no world in virtual time has.
"""

from __future__ import annotations

from functools import cache

import pytest

from harness import clock
from harness.assemble import Opening, assembled
from harness.config.source import shipped
from harness.engine.guard import Guard
from harness.errors import Refused, UsageError
from harness.model.verdict import Verdict
from tests.benches import play, shipped_drill, shipped_rig
from tests.faults.test_board_drills import DRILLS as BOARD_DRILLS
from tests.test_presets import PRESETS

RIGS, DRILLS = sorted(shipped("rig")), sorted(shipped("drill"))
VIRTUAL = {name for name in RIGS if shipped_rig(name).is_virtual}

# These are run where more is asked of them, on the same rigs, or on one whose rail is fed in the same way.
RUN_ELSEWHERE = {(drill, rig) for drill in PRESETS for rig in ("sim", "sim-board", "sim-sites")}
RUN_ELSEWHERE |= {(drill, "sim-board") for drill in BOARD_DRILLS}

NO_SHELL = "a shell: the model of a unit has no processes and no files"
NO_DATABASE = "three servers of a database that replicate: the model of one keeps nothing"
NO_UPLINKS = "uplinks of its own, which the model of a unit does not choose among"

# What a drill needs and no world in virtual time has. Each of these drills is run in the lab.
NOT_PLAYED = {
    "cache-poisoning": NO_SHELL,
    "cascading-worker-failures": NO_SHELL,
    "multi-component-cascade": NO_SHELL,
    "security-breach": NO_SHELL,
    "worker-restart": NO_SHELL,
    "database-drop": NO_DATABASE,
    "database-primary-failure": NO_DATABASE,
    "database-replica-failure": NO_DATABASE,
    "database-slow": NO_DATABASE,
    "query-timeout": NO_DATABASE,
    "link-failover": NO_UPLINKS,
    "region-failover": NO_UPLINKS,
}


@cache
def fits(drill: str, rig: str) -> bool:
    """
    Whether a rig has everything that a drill asks for, and would let it run.
    """
    spec = shipped_drill(drill)

    async def main() -> None:
        async with assembled(shipped_rig(rig), opening=Opening.CHECK) as bench:
            bench.check(spec)
            Guard(bench.rig).admit(spec, bench)

    try:
        clock.run(main, virtual=shipped_rig(rig).is_virtual)
    except (UsageError, Refused):
        return False
    return True


@pytest.mark.parametrize("rig", RIGS)
def test_every_shipped_rig_has_a_drill_that_fits_it(rig: str) -> None:
    assert any(fits(drill, rig) for drill in DRILLS)


def test_what_is_said_not_to_be_played_is_shipped() -> None:
    assert NOT_PLAYED.keys() <= set(DRILLS)


@pytest.mark.parametrize("drill", DRILLS)
def test_every_shipped_drill_fits_a_rig_and_holds_on_it_in_virtual_time(drill: str) -> None:
    fitting = [rig for rig in RIGS if fits(drill, rig)]
    assert fitting
    assert bool(VIRTUAL & set(fitting)) is (drill not in NOT_PLAYED), NOT_PLAYED.get(drill, "it is played nowhere")
    for rig in VIRTUAL & {rig for rig in fitting if (drill, rig) not in RUN_ELSEWHERE}:
        played = play(shipped_drill(drill), shipped_rig(rig))
        n = len(played.run.trials)
        reason, _, left_out = played.run.reason.partition("; ")
        assert reason == f"{n} of {n} trials recovered, every criterion met", rig
        assert not left_out or left_out.endswith(" rows not done"), rig
        assert played.verdict is Verdict.HELD
        for trial in played.run.trials:
            known = {name: at for name, at in trial.instants.items() if at is not None}
            lies = [name for name, ns in (trial.truth or {}).items() if name in known and not known[name].holds(ns)]
            assert not lies, rig
