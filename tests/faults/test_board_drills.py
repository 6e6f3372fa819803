"""
The drills of battery, reset and micro-interruption, whole, on the real firmware in virtual time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from harness import clock
from harness.assemble import assembled
from harness.board.answers import GaugeFault
from harness.config.drill import load_drill
from harness.config.rig import load_rig
from harness.devices.board import Board
from harness.engine.drill import DrillRun
from harness.engine.undo import UndoJournal
from harness.errors import Refused
from harness.model.codec import trial_from_json
from harness.model.event import Event, Kind
from harness.model.instant import Instant
from harness.model.run import Dut, RunHead
from harness.model.trial import Trial
from harness.model.verdict import TrialVerdict, Verdict
from tests.failing import WAYS, FailsAt

# What a run commands its devices.
COMMANDS = ("set_level", "pulse", "interrupt", "on", "undo", "make_safe")
SAFE = (100.0, GaugeFault.NONE, 0)

DRILLS = ("battery-drain", "battery-outage", "gauge-lies", "reset-pulse", "micro-interruption")


@dataclass
class Done:
    """
    A drill that has been run: its verdict and events, and what the unit reported of its battery meanwhile.
    """

    verdict: Verdict
    events: list[Event]
    percents: list[float | None]
    left: tuple[float, GaugeFault, int]
    """The gauge's level and lie, and the board's output levels, as the run left them."""

    @property
    def trial(self) -> Trial:
        return trial_from_json(next(event.data for event in self.events if event.kind is Kind.TRIAL_ENDED))

    @property
    def reason(self) -> Any:
        return self.events[-1].data["reason"]


def run(
    name: str, *overrides: str, rig: str = "sim-board", seed: int = 1, wrap: FailsAt | None = None, **changes: Any
) -> Done:
    """
    Runs a shipped drill on a shipped rig; `changes` are made to its devices' own attributes.
    """
    rig_spec, drill = load_rig(rig), load_drill(name, overrides)

    async def main() -> Done:
        events: list[Event] = []
        async with assembled(rig_spec, seed, wrap=wrap) as bench:
            for device, value in changes.items():
                vars(bench.devices[device]).update(value)
            journal = UndoJournal(None)
            verdict = await DrillRun(drill, bench, head(seed), journal, events.append).run()
            assert journal.pending().is_clean
            pico = bench.devices["pico"]
            assert isinstance(pico, Board)
            gauge, (outputs, _) = await pico.call(lambda board: (board.gauge(), board.levels()))
            left = gauge.level_percent, gauge.fault, outputs
            samples: Any = bench.devices["health"]
            told = [json.loads(answer.body) for _, answer in samples.samples(0) if answer is not None]
        return Done(verdict, events, [health.get("battery_percent") for health in told], left)

    return clock.run(main, virtual=True)


def head(seed: int) -> RunHead:
    texts = dict.fromkeys(("drill", "drill_title", "hypothesis", "severity", "chaos_type", "component", "rig"), "")
    return RunHead(
        run_id="run", **texts, seed=seed, environment="sim", started_at="", versions={}, dut=Dut(), repeat_command=""
    )


@cache
def shipped(name: str, seed: int) -> Done:
    """
    A shipped drill as it is, run once for all that is asked of it.
    """
    return run(name, seed=seed)


@pytest.mark.long
@pytest.mark.parametrize("name", DRILLS)
@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.soak) for seed in (2, 3))])
def test_it_holds_and_the_worlds_own_times_lie_in_what_was_measured(name: str, seed: int) -> None:
    done = shipped(name, seed)
    assert (done.verdict, done.reason) == (Verdict.HELD, "1 of 1 trials recovered, every criterion met")
    measured = dict(done.trial.instants.items())
    for what, true_ns in (done.trial.truth or {}).items():
        instant = measured[what]
        assert instant is None or instant.holds(true_ns), what


@pytest.mark.long
def test_a_drain_of_45_minutes_shows_the_dut_every_percent() -> None:
    done = shipped("battery-drain", 1)
    assert done.percents == [*range(100, 9, -1), 100]
    assert done.trial.readings["percents_seen"] == 91
    assert done.trial.readings["least_percent"] == 10


def test_a_drain_that_is_faster_than_the_dut_looks_deviates() -> None:
    done = run("battery-drain", 'drill.fault.0.every="400 ms"')
    assert done.verdict is Verdict.DEVIATED
    assert "percents_seen == 91" in done.reason


def test_a_gauge_that_does_not_hang_on_the_bus_leaves_it_inconclusive() -> None:
    async def goes_nowhere(percent: float) -> Instant:
        return Instant.exactly(clock.now_ns())

    done = run("battery-outage", battery={"set_level": goes_nowhere})
    assert done.verdict is Verdict.INCONCLUSIVE
    assert "battery_percent = 100.0: is the gauge on the DUT's bus?" in done.reason


def test_a_silent_gauge_is_a_loss_of_the_level_and_of_nothing_else() -> None:
    done = shipped("gauge-lies", 1)
    assert set(done.percents) == {None, 100.0}
    assert [event.subject for event in done.events if event.kind is Kind.STEADY_LOST] == ["battery"]


def test_an_interruption_that_outlasts_the_hold_up_is_a_deviation() -> None:
    done = run("micro-interruption", 'drill.fault.0.off="80 ms"')
    assert done.trial.verdict is TrialVerdict.RECOVERED
    assert done.verdict is Verdict.DEVIATED
    assert "though the drill expects it to hold" in done.reason


def test_a_train_of_resets_is_timed_by_the_board() -> None:
    train = ("count=3", 'every="300 ms"', 'width="50 ms"')
    done = run("reset-pulse", *(f"drill.fault.0.{key}" for key in train))
    assert done.verdict is Verdict.HELD, done.reason
    commanded, released = (done.trial.instants.fault_commanded, done.trial.instants.removal_commanded)
    assert commanded is not None
    assert released is not None
    assert released.latest_ns - commanded.earliest_ns == pytest.approx(650_000_000, abs=1_000_000)
    measured = dict(done.trial.instants.items())
    assert all(measured[what].holds(true_ns) for what, true_ns in (done.trial.truth or {}).items() if measured[what])


def test_a_reset_that_waits_for_edges_which_never_come_is_no_verdict() -> None:
    done = run("reset-pulse", "drill.fault.0.after_edges=2", 'drill.fault.0.prove="3 s"')
    assert done.verdict is Verdict.INCONCLUSIVE
    assert "did not say within" in done.reason
    assert done.left == SAFE


def test_a_cut_is_proven_by_a_rail_that_the_board_reads_back(tmp_path: Path) -> None:
    text = load_rig("sim-board").path.read_text(encoding="utf-8").replace('meter = "monitor"', 'meter = "rail"')
    path = tmp_path / "bench.toml"
    path.write_text(text, encoding="utf-8")
    done = run("power-outage", "drill.trials.count=1", rig=str(path))
    assert done.verdict is Verdict.HELD, done.reason
    effective = done.trial.instants.fault_effective
    assert effective is not None
    assert effective.holds((done.trial.truth or {})["fault_effective"])


def test_a_mechanical_relay_is_refused_below_its_floor() -> None:
    with pytest.raises(Refused, match="mains cannot make an interruption of 5 ms honestly: its floor is 20 ms"):
        run("micro-interruption", rig="sim")


@pytest.mark.parametrize("name", ["battery-outage", "reset-pulse", "micro-interruption"])
@pytest.mark.parametrize("way", WAYS)
def test_every_command_may_fail_once_and_everything_is_safe_in_the_end(name: str, way: str) -> None:
    for nth in count(1):
        failing = FailsAt(nth, way, calls=COMMANDS)
        done = run(name, 'drill.watch="20 s"', wrap=failing)
        assert done.left == SAFE, failing
        if not failing.was_reached:
            assert nth > 2
            break
        assert done.verdict is not Verdict.DEVIATED, failing
