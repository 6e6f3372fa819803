"""
Never green for nothing: what the bench cannot vouch for is inconclusive, and the reason is one sentence.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest

from harness import clock
from harness.assemble import Assembly
from harness.cli import main as cli
from harness.engine.drill import DrillRun
from harness.errors import DeviceError, Exit
from harness.model.instant import Instant
from harness.model.reading import Flag, Reading
from harness.model.rig import RigSpec
from harness.model.verdict import TrialVerdict, Verdict
from harness.protocols import Device
from tests.benches import drill, fault, play, probe, rig, shipped_drill, shipped_rig

S = clock.NS_PER_S


def world(kind: str, defect: str) -> RigSpec:
    """
    The `sim` rig, quick to boot, with one thing in its world broken.
    """
    parts: dict[str, dict[str, Any]] = {"unit": {"boot_s": 0.3}}
    parts.setdefault(kind, {})["defect"] = defect
    return rig(**parts)


# --- what is broken, and what is said of it ---------------------------------------------------------------------------

BROKEN = {
    "never steady": (
        world("unit", "never_steady"),
        "trial 0: the steady state was not met at the start: probes.health unwell",
    ),
    "a welded relay": (
        world("contact", "welded"),
        "trial 0: the supply was commanded off, but 'monitor' read 5.00 V: welded contact, bypass, or too short a cut?",
    ),
    "a relay that never closes": (
        world("contact", "open"),
        "UNRESTORED mains: the rail of 'edge' stays at 0.00 V",
    ),
    "a sleeping meter": (
        world("chip", "sleeping"),
        "trial 0: 'monitor' gave no reading (stale) before anything was done: a cut could not be proven",
    ),
    "a meter that is reset with the rail it watches": (
        world("chip", "resets"),
        "trial 0: mains: the supply was commanded on, but 'monitor' gave no reading (reset)",
    ),
    "a DUT that something else feeds a little": (
        rig(unit={"boot_s": 0.3}, rail={"back_power_v": 1.2}),
        "trial 0: 'monitor' read 1.20 V after 5.3 s off, not below 0.50 V: the rail did not discharge: back-powered, "
        "or too short a wait",
    ),
    "a DUT that something else feeds enough": (
        rig(unit={"boot_s": 0.3}, rail={"back_power_v": 3.3}),
        "trial 0: the supply was commanded off, but 'monitor' read 3.30 V: back-powered, or too short a cut?",
    ),
    "a DUT that is not fed by the relay": (
        world("unit", "not_fed"),
        "trial 0: the fault was proven, but the DUT was never affected: its steady state was not lost",
    ),
}


@pytest.mark.parametrize(("bench", "reason"), BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_vouched_for_is_inconclusive(bench: RigSpec, reason: str) -> None:
    played = play(drill(settle_s=2.0), bench)
    assert played.run.reason == reason
    assert played.verdict is played.run.verdict is Verdict.INCONCLUSIVE


def test_a_meter_that_is_dead_from_the_start_opens_nothing() -> None:
    played = play(drill(), world("chip", "dead"))
    assert isinstance(played.error, DeviceError)
    assert played.error.exit_code == Exit.BENCH
    assert str(played.error).startswith("monitor: no chip answers at address 0x40 of I2C bus 1 (Remote I/O error)")
    assert played.is_fed


class DiesAt:
    """
    A meter that answers no more from a moment on.
    """

    def __init__(self, at_s: float, flag: Flag = Flag.NACK) -> None:
        self._at_s, self._flag = at_s, flag

    def __call__(self, name: str, device: Any) -> Device:
        if name == "monitor":
            self._read, device.read = device.read, self._dying
        return device

    async def _dying(self, after_ns: int | None = None) -> Reading:
        if clock.now_ns() < self._at_s * S:
            return await self._read(after_ns)
        await anyio.sleep(0.001)
        return Reading(Instant.exactly(clock.now_ns()), self._flag)


# Steady at 0.4 s, cut at 0.6 s, restored at 0.9 s.
@pytest.mark.parametrize("flag", [Flag.NACK, Flag.RESET, Flag.STALE, Flag.OVERFLOW])
@pytest.mark.parametrize(
    ("at_s", "reason"),
    [
        (0.0, "trial 0: 'monitor' gave no reading ({}) before anything was done: a cut could not be proven"),
        (0.61, "trial 0: mains: the supply was commanded on, but 'monitor' gave no reading ({})"),
        (0.8, "trial 0: mains: the supply was commanded on, but 'monitor' gave no reading ({})"),
    ],
)
def test_a_meter_that_dies_proves_nothing(at_s: float, flag: Flag, reason: str) -> None:
    played = play(drill(), world("unit", "none"), wrap=DiesAt(at_s, flag))
    assert played.run.reason == reason.format(flag)
    assert played.verdict is Verdict.INCONCLUSIVE
    assert played.is_fed


def test_a_meter_that_only_a_probe_asks_is_the_benchs_trouble_too() -> None:
    watched = (probe(), probe("power_draw", max_a=1.0))
    played = play(drill([fault("noop", for_s=2.0)], watched), world("unit", "none"), wrap=DiesAt(1.0))
    assert played.run.reason == "trial 0: monitor: gave no reading (nack)"


def test_a_steady_state_that_is_lost_before_the_fault_is_no_loss_by_the_fault() -> None:
    async def pull_the_plug(_: DrillRun, bench: Assembly) -> None:
        await clock.sleep_until(S)
        await bench.switches()[0].off()

    played = play(drill([fault(at_s=2.0)]), world("unit", "none"), beside=pull_the_plug)
    assert played.run.reason == "trial 0: the steady state was lost before anything was done"
    assert played.is_fed
    assert played.trial.instants.fault_commanded is None


@pytest.mark.parametrize("second", ["power_cut", "noop"])
def test_one_fault_that_was_not_proven_is_one_too_many(second: str) -> None:
    # The first interruption is too short for the rail, the second fault is beyond doubt.
    faults = [fault("power_flicker", times=1, off_s=0.02), fault(second, at_s=1.0)]
    played = play(drill(faults, hold_s=1.0), world("unit", "none"))
    assert played.trial.verdict is TrialVerdict.INCONCLUSIVE
    assert "too short a cut?" in played.run.reason
    assert played.trial.instants.fault_effective is None


# --- judged, but not for certain --------------------------------------------------------------------------------------


def test_a_unit_that_never_comes_back_deviates() -> None:
    played = play(drill(criteria=["recovery_from_removal < 5 s"], watch_s=10.0), world("unit", "never_boots"))
    assert played.verdict is Verdict.DEVIATED
    assert played.run.reason == "trial 0: probes.health not back within 10 s"


def test_a_unit_that_was_not_watched_past_its_target_deviates_from_nothing() -> None:
    played = play(drill(criteria=["recovery_from_removal < 30 s"], watch_s=10.0), world("unit", "never_boots"))
    assert played.verdict is Verdict.INCONCLUSIVE
    reason = "trial 0: probes.health not back within 10 s, but it was not watched past its target"
    assert played.run.reason == reason


def test_what_came_back_in_time_may_still_show_that_it_stays() -> None:
    # It boots for 0.3 s, and is watched for 0.4 s; its hold ends after that.
    played = play(drill(hold_s=2.0, watch_s=0.4), world("unit", "none"))
    assert played.verdict is Verdict.HELD


def test_a_target_inside_the_error_bar_is_neither_met_nor_missed() -> None:
    bench = world("unit", "none")
    ready = play(drill(), bench).trial.duration("recovery_from_removal")
    assert ready is not None
    played = play(drill(criteria=[f"recovery_from_removal < {ready.mid_s:.6f} s"]), bench)
    assert played.verdict is Verdict.INCONCLUSIVE
    assert "straddles the target" in played.run.reason


@pytest.mark.parametrize(("defect", "verdict"), [("none", Verdict.HELD), ("loses_writes", Verdict.DEVIATED)])
def test_a_write_that_was_acknowledged_and_lost_deviates(defect: str, verdict: Verdict) -> None:
    spec = drill(probes=[probe("witness")], criteria=["lost_writes == 0"])
    played = play(spec, world("unit", defect))
    assert played.verdict is verdict


# --- the control group ------------------------------------------------------------------------------------------------


def test_nothing_done_to_a_unit_that_is_well_holds() -> None:
    played = play(shipped_drill("control"))
    assert played.verdict is Verdict.HELD
    assert played.trial.instants.ready is None
    assert played.trial.instants.steady_lost is None


def test_a_unit_that_falls_over_by_itself_deviates() -> None:
    async def pull_the_plug(_: DrillRun, bench: Assembly) -> None:
        await clock.sleep_until(S)
        await bench.switches()[0].off()
        await clock.sleep_until(2 * S)
        await bench.switches()[0].on()

    played = play(drill([fault("noop", for_s=3.0)]), world("unit", "none"), beside=pull_the_plug)
    assert played.verdict is Verdict.DEVIATED
    assert played.run.reason == "trial 0: the steady state was lost, though the drill expects it to hold"


# --- the command line -------------------------------------------------------------------------------------------------


CONTACT, UNIT, CHIP = "contact = { pin = 17, ", "[world.units.edge]\n", "[world.chips.monitor]\n"


@pytest.mark.process
@pytest.mark.parametrize(
    ("broken", "code", "verdict"),
    [
        (
            (CONTACT, f'{CONTACT}defect = "welded", '),
            Exit.BENCH,
            "inconclusive (trial 0: the supply was commanded off, but",
        ),
        (
            (UNIT, f'{UNIT}defect = "never_steady"\n'),
            Exit.BENCH,
            "inconclusive (trial 0: the steady state was not met at the start: probes.health unwell",
        ),
        (
            (UNIT, f'{UNIT}defect = "not_fed"\n'),
            Exit.BENCH,
            "inconclusive (trial 0: the fault was proven, but the DUT was never affected: its steady state",
        ),
        (
            (CHIP, f'{CHIP}defect = "sleeping"\n'),
            Exit.BENCH,
            "inconclusive (trial 0: 'monitor' gave no reading (stale) before anything was done: a cut could not be",
        ),
        (
            (UNIT, f'{UNIT}defect = "never_boots"\n'),
            Exit.DEVIATED,
            "deviated (trial 0: probes.health, probes.records not",
        ),
    ],
    ids=[
        "a welded relay",
        "a unit that is never steady",
        "a unit that is never affected",
        "a meter that sleeps",
        "a unit that never comes back",
    ],
)
def test_the_command_line_says_so_and_exits_so(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    broken: tuple[str, str],
    code: Exit,
    verdict: str,
) -> None:
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path))
    monkeypatch.delenv("CRASHBENCH_ENVIRONMENT", raising=False)
    bench = tmp_path / "broken.toml"
    bench.write_text(shipped_rig().path.read_text("utf-8").replace(*broken), "utf-8")
    assert cli.run(["run", "power-outage", "--rig", str(bench), "--seed", "1"]) == code
    (line,) = capfd.readouterr().out.splitlines()
    assert line.startswith(f"verdict: {verdict}")
