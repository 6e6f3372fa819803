"""
Whole game days, as a person holds them: in virtual time, and one in the lab.
"""

from __future__ import annotations

import signal
from pathlib import Path

import anyio
import pytest

from harness import clock
from harness.model.gameday import Standing
from harness.model.verdict import Verdict
from harness.store.gameday_record import LESSONS, gameday_folder, gameday_folders, load_gameday_record
from harness.store.home import runs_dir
from harness.store.record import folder
from tests.supervise import played
from tests.supervise.gamedays import PROVEN, TICKED, gameday, held, hold, learned, rig_with, scenario

Captured = pytest.CaptureFixture[str]

NEVER_MET = "drill.settle=1 s"  # the unit of `sim` boots for twelve
TOO_MUCH = 'drill.criteria=[{expr="recovery_from_removal < 1 s"}]'


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path / "home"))
    for name in ("CRASHBENCH_RIG", "CRASHBENCH_SEED", "CRASHBENCH_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.process
def test_a_whole_game_day_is_proven_run_restored_in_between_and_learned_from(tmp_path: Path, capfd: Captured) -> None:
    path = gameday(tmp_path, [scenario("power-outage"), scenario("control")], PROVEN)

    assert hold(path, "--yes", "--seed", "3") == 0

    out, err = capfd.readouterr()
    assert out == "verdict: held\n"
    day = held()
    assert [(one.item, one.standing) for one in day.checks] == [
        ("announce", Standing.FLAGGED),
        ("on_call", Standing.FLAGGED),
        ("war_room", Standing.FLAGGED),
        ("monitoring", Standing.PROVEN),
        ("rollback", Standing.PROVEN),
        ("baseline", Standing.PROVEN),
    ]
    assert [one.told for one in day.checks if one.item == "rollback"] == ["sim, edge: restored, and seen fed at 5.00 V"]
    assert [(one.name, one.verdict) for one in day.scenarios] == [("power-outage", "held"), ("control", "held")]
    assert all(one.run_id and (folder(one.run_id) / "report.md").is_file() for one in day.scenarios)
    assert day.safe == ("sim: edge at 5.00 V",) * 2
    assert (day.verdict, day.exit_code, day.not_run) == (Verdict.HELD, 0, ())
    assert day.duration_s is not None
    assert day.duration_s > 12 * 4  # the unit boots once for each look, and once in each world of a run
    text = learned()
    assert "# Game day: A day: held" in text
    assert text.count("## Chaos Event: ") == 2
    assert "- [x] Announce the game day's window to all stakeholders: ticked by flag" in text
    assert "fault effective" in text
    assert "lessons learned: " in err


@pytest.mark.process
def test_the_same_game_day_in_virtual_time_teaches_the_same_to_the_byte(tmp_path: Path) -> None:
    path = gameday(tmp_path, [scenario("power-outage")], PROVEN)
    hold(path, "--yes", "--seed", "3")
    at, first = gameday_folder("last"), learned()
    (at / LESSONS).unlink()

    hold(path, "--yes", "--seed", "3")

    assert gameday_folders() == [at]
    assert learned() == first
    hold(path, "--yes", "--seed", "4")
    assert len(gameday_folders()) == 2


@pytest.mark.process
def test_what_somebody_has_written_is_never_written_over(tmp_path: Path, capfd: Captured) -> None:
    path = gameday(tmp_path, [scenario("control")])
    hold(path, "--yes")
    (gameday_folder("last") / LESSONS).write_text("The fuse was a nail.", encoding="utf-8")

    hold(path, "--yes")

    assert learned() == "The fuse was a nail."
    assert "lessons-learned.new.md" in capfd.readouterr().err


@pytest.mark.process
def test_a_deviation_is_the_day_s_and_keeps_no_later_scenario_from_being_run(tmp_path: Path, capfd: Captured) -> None:
    path = gameday(tmp_path, [scenario("power-outage", "too-slow", TOO_MUCH), scenario("control")])

    assert hold(path, "--yes") == 1

    assert capfd.readouterr().out == "verdict: deviated (1 of 2 scenarios held; too-slow deviated)\n"
    assert [one.verdict for one in held().scenarios] == ["deviated", "held"]
    assert "| deviated | " in learned()


@pytest.mark.process
def test_trouble_outranks_a_deviation_and_an_inconclusive_run_alone_stops_nothing(tmp_path: Path) -> None:
    scenarios = [scenario("control", "doubtful", NEVER_MET), scenario("power-outage", "slow", TOO_MUCH)]

    assert hold(gameday(tmp_path, [*scenarios, scenario("control")]), "--yes") == 3

    day = held()
    assert [one.verdict for one in day.scenarios] == ["inconclusive", "deviated", "held"]
    assert day.reason == "1 of 3 scenarios held; doubtful inconclusive; slow deviated"
    assert "nothing was injected" in learned()


@pytest.mark.process
def test_a_bench_in_trouble_stops_it_and_what_was_not_run_is_told(tmp_path: Path, capfd: Captured) -> None:
    rig = rig_with(tmp_path, 'bounce = "1 ms" }', 'bounce = "1 ms", defect = "open" }')
    path = gameday(tmp_path, [scenario("control"), scenario("power-outage")], rig=rig)

    assert hold(path, "--yes") == 3

    out = capfd.readouterr().out
    assert out.startswith("verdict: inconclusive (0 of 2 scenarios held; control inconclusive; ")
    assert "UNRESTORED mains" in out
    assert out.endswith("not run: power-outage)\n")
    assert held().not_run == ("power-outage",)
    assert "## Not run\n\n- power-outage" in learned()


# --- refused ----------------------------------------------------------------------------------------------------------


def test_an_item_that_nobody_ticked_stops_it_before_anything_is_touched(tmp_path: Path, capfd: Captured) -> None:
    path = gameday(tmp_path, [scenario("control")], PROVEN)

    assert hold(path, "--tick", "announce", "--tick", "war_room") == 4

    out, err = capfd.readouterr()
    assert out == ""
    assert "crashbench: the checklist stands open, and nothing was injected: on_call (not ticked)" in err
    day = held()
    assert [(one.item, one.standing) for one in day.checks] == [
        ("announce", Standing.FLAGGED),
        ("on_call", Standing.OPEN),
        ("war_room", Standing.FLAGGED),
    ]
    assert (day.exit_code, day.scenarios, list(runs_dir().iterdir())) == (4, (), [])
    assert not (gameday_folder("last") / LESSONS).exists()


@pytest.mark.process
@pytest.mark.parametrize(
    ("old", "new", "item"),
    [
        ('boot = "12 s"', 'boot = "12 s"\ndefect = "never_steady"', "monitoring (http probes.health: did not answer"),
        ('bounce = "1 ms" }', 'bounce = "1 ms", defect = "open" }', "rollback (own: UNRESTORED mains"),
        ('boot = "12 s"', 'boot = "12 s"\ndefect = "never_steady"', "baseline (probes.health (http): steady state not"),
    ],
)
def test_an_item_that_is_not_proven_stops_it_too(
    tmp_path: Path, old: str, new: str, item: str, capfd: Captured
) -> None:
    rig = rig_with(tmp_path, old, new)
    name = item.partition(" ")[0]
    checklist = TICKED.replace(f"[checklist.{name}]", f'[checklist.{name}]\nby = "proof"')

    assert hold(gameday(tmp_path, [scenario("power-outage")], checklist, rig), "--yes") == 4

    assert item in capfd.readouterr().err
    assert list(runs_dir().iterdir()) == []
    assert [one.item for one in held().checks if one.standing is Standing.OPEN] == [name]


def test_what_the_guard_would_refuse_is_refused_before_anybody_ticks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Captured
) -> None:
    monkeypatch.setenv("CRASHBENCH_ENVIRONMENT", "production")

    assert hold(gameday(tmp_path, [scenario("control"), scenario("power-outage")]), "--yes") == 4

    assert "production" in capfd.readouterr().err
    assert gameday_folders() == []


def test_a_role_that_the_rig_has_not_is_told_before_anybody_ticks(tmp_path: Path, capfd: Captured) -> None:
    assert hold(gameday(tmp_path, [scenario("control"), scenario("link-flap")]), "--yes") == 2

    assert "link-flap.toml: fault.0.role: 'links.fibre' is no role of sim.toml" in capfd.readouterr().err
    assert gameday_folders() == []


# --- interrupted, in real processes -----------------------------------------------------------------------------------


@pytest.mark.process
@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_restores_tells_what_was_not_run_and_is_the_exit_code(
    tmp_path: Path, signum: signal.Signals, code: int
) -> None:
    path = gameday(tmp_path, [scenario("control", "endless", "drill.trials.count=1000000"), scenario("power-outage")])

    process = played.crashbench(tmp_path, "gameday", "run", str(path), "--yes")
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("trial 2"):
            break
    process.send_signal(signum)
    out, _ = process.communicate(timeout=60)

    assert process.returncode == code
    why = f"interrupted by {signum.name}; not run: power-outage"
    assert out == f"verdict: inconclusive (0 of 2 scenarios held; endless inconclusive; {why})\n"
    day = held()
    assert ([one.verdict for one in day.scenarios], day.exit_code) == ([Verdict.INCONCLUSIVE], code)
    assert "## Not run\n\n- power-outage" in learned()


def watched_rig(folder: Path) -> Path:
    """
    The quick rig, whose drill has an alert that a proof can ask.
    """
    rig = played.quick_rig(folder)
    alert = '\n[detected]\nkind = "http"\nrole = "probes.health"\nperiod = "100 ms"\ntimeout = "300 ms"\n'
    (folder / "quick.toml").write_text(played.DRILL + alert, encoding="utf-8")
    return rig


@pytest.mark.lab
def test_one_in_the_lab_is_interrupted_with_its_dut_in_the_dark_and_leaves_it_fed(tmp_path: Path) -> None:
    watched_rig(tmp_path)
    path = gameday(tmp_path, [scenario("quick.toml"), scenario("quick.toml", "again")], PROVEN, "bench.toml")

    async def main() -> None:
        lab = await played.playing(tmp_path / "bench.toml")
        process = played.crashbench(tmp_path, "gameday", "run", str(path), "--yes", "--tick", "announce")
        try:
            await played.until(lambda: not played.is_fed(lab.client), 60, "the DUT is cut")
            process.send_signal(signal.SIGINT)
            await played.until(lambda: played.is_fed(lab.client), 20, "the DUT is fed")
            await played.until(lambda: process.poll() is not None, 30, "it ends")
        finally:
            process.kill()
            process.communicate()
            with anyio.CancelScope(shield=True):
                await lab.stop()
        assert process.returncode == 130

    clock.run(main)
    day = held()
    assert (day.not_run, day.exit_code) == (("again",), 130)


@pytest.mark.lab
def test_one_in_the_lab_ends_well_and_leaves_no_lab_behind(tmp_path: Path) -> None:
    rig = watched_rig(tmp_path)

    assert hold(gameday(tmp_path, [scenario("quick.toml")], PROVEN, "bench.toml"), "--yes") == 0

    day = load_gameday_record(gameday_folder("last"))
    assert [one.verdict for one in day.scenarios] == [Verdict.HELD]
    assert all(one.standing is not Standing.OPEN for one in day.checks)
    assert not played.lab_address(rig).exists()
