"""
Every command once, as a person would use it, on the simulated rig.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cli.main import run
from harness.config.data import data

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CRASHBENCH_RIG", raising=False)
    monkeypatch.delenv("CRASHBENCH_SEED", raising=False)
    monkeypatch.delenv("CRASHBENCH_ENVIRONMENT", raising=False)


def said(capfd: Captured) -> str:
    """
    What came on stdout since it was last asked.
    """
    return capfd.readouterr().out


@pytest.mark.process
def test_a_run_ends_with_its_verdict_and_names_its_report(capfd: Captured) -> None:
    assert run(["run", "power-outage", "--rig", "sim"]) == 0

    out, err = capfd.readouterr()
    assert out == "verdict: held\n"
    report = next(line for line in err.splitlines() if line.startswith("report: "))
    assert Path(report.removeprefix("report: ")).read_text(encoding="utf-8").startswith("# Power outage: held")


@pytest.mark.process
def test_json_alone_goes_to_stdout(capfd: Captured) -> None:
    assert run(["run", "power-outage", "--rig", "sim", "--seed", "7", "--trials", "2", "--json", "-"]) == 0

    public = json.loads(said(capfd))
    assert public["seed"] == 7
    assert [trial["verdict"] for trial in public["trials"]] == ["recovered", "recovered"]
    assert public["dut"] == {"name": "edge-node", "version": "1.0.0"}
    assert public["repeat_command"] == "crashbench run power-outage --rig sim --seed 7 --trials 2"


@pytest.mark.process
def test_the_repeat_command_repeats_the_run(capfd: Captured) -> None:
    run(["run", "power-outage", "--rig", "sim", "--set", "drill.fault.0.for=1 s", "--json", "-"])
    first = said(capfd)
    words = json.loads(first)["repeat_command"].replace("'drill.fault.0.for=1 s'", "drill.fault.0.for=1_s").split()[1:]

    run([word.replace("1_s", "1 s") for word in words] + ["--json", "-"])

    assert said(capfd) == first


@pytest.mark.process
def test_json_can_go_to_a_file_too(tmp_path: Path, capfd: Captured) -> None:
    assert run(["run", "control", "--rig", "sim", "--json", str(tmp_path / "run.json")]) == 0

    assert said(capfd).endswith("verdict: held\n")
    assert json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))["drill"] == "control"


@pytest.mark.process
def test_until_failure_stops_at_the_first_trial_that_does_not_hold(tmp_path: Path, capfd: Captured) -> None:
    rig = _sim_with(tmp_path, 'boot = "12 s"', 'boot = "12 s"\nboot_spread = "50 %"')
    words = ["run", "power-outage", "--rig", str(rig), "--until-failure", "--seed", "2", "--json", "-"]

    assert run([*words, "--set", 'drill.criteria=[{expr="recovery_from_removal < 16 s"}]']) == 1

    trials = json.loads(said(capfd))["trials"]
    assert len(trials) > 1
    assert trials[-1]["durations"]["recovery_from_removal"]["high_s"] > 16
    assert all(trial["durations"]["recovery_from_removal"]["high_s"] < 16 for trial in trials[:-1])


@pytest.mark.process
def test_the_record_can_be_listed_shown_and_reported(tmp_path: Path, capfd: Captured) -> None:
    run(["run", "power-outage", "--rig", "sim"])
    run(["run", "control", "--rig", "sim"])
    said(capfd)

    assert run(["runs", "--json"]) == 0
    listed = json.loads(said(capfd))
    assert {row["drill"] for row in listed} == {"power-outage", "control"}

    assert run(["runs"]) == 0
    assert "power-outage" in said(capfd)

    assert run(["show", "last"]) == 0
    assert said(capfd).startswith("# Control: held")

    assert run(["show", listed[0]["run_id"], "--json"]) == 0
    assert json.loads(said(capfd))["run_id"] == listed[0]["run_id"]

    assert run(["report", "last", "--format", "junit", "-o", str(tmp_path / "junit.xml")]) == 0
    assert ET.parse(tmp_path / "junit.xml").getroot().tag in ("testsuite", "testsuites")

    assert run(["report", "last", "--format", "html", "-o", str(tmp_path / "chaos-report.html")]) == 0
    assert "<h1>Control</h1>" in (tmp_path / "chaos-report.html").read_text(encoding="utf-8")


@pytest.mark.process
def test_two_runs_are_compared(capfd: Captured) -> None:
    for seed in ("1", "2"):
        run(["run", "power-outage", "--rig", "sim", "--seed", seed])
    said(capfd)
    run(["runs", "--json"])
    one, two = (row["run_id"] for row in json.loads(said(capfd)))

    assert run(["compare", one, two]) == 0

    assert "cannot tell" in said(capfd)


@pytest.mark.process
def test_old_runs_are_pruned_and_young_ones_kept(capfd: Captured) -> None:
    run(["run", "control", "--rig", "sim"])
    said(capfd)

    # A run in virtual time has a start of its own in the record; its folder's age is what counts.
    assert run(["prune", "--older-than", "90d"]) == 0

    assert said(capfd).endswith("0 deleted\n")


def test_status_shows_what_is_observed(capfd: Captured) -> None:
    assert run(["status", "--rig", "sim", "--json"]) == 0

    seen = json.loads(said(capfd))["edge"]
    assert seen["rail_v"] == pytest.approx(5.0, abs=0.01)


@pytest.mark.parametrize(("verb", "fed"), [("on", True), ("off", False), ("cycle", True)])
def test_power_by_hand_says_what_the_rail_does(verb: str, fed: bool, capfd: Captured) -> None:
    assert run(["power", verb, "edge", "--rig", "sim"]) == 0

    volts = float(said(capfd).split("rail_v ")[1].split(",")[0])
    assert (volts > 4.5) is fed


@pytest.fixture
def strict(tmp_path: Path) -> Callable[[str], str]:
    """
    Writes the `sim` rig with its relay on a contact, on a kernel where a line that is let go falls to its pull.
    """

    def write(contact: str) -> str:
        text = (data("rigs") / "sim.toml").read_text("utf-8").replace('contact = "nc"', f'contact = "{contact}"')
        path = tmp_path / "strict.toml"
        path.write_text(text.replace("[world.rails", '[world]\nreleased_lines = "strict"\n[world.rails', 1), "utf-8")
        return str(path)

    return write


@pytest.mark.parametrize(("verb", "code"), [("on", 0), ("cycle", 0), ("off", 4)])
def test_a_supply_that_would_not_stay_off_is_not_switched_off(
    verb: str, code: int, strict: Callable[[str], str], capfd: Captured
) -> None:
    assert run(["power", verb, "edge", "--rig", strict("nc")]) == code

    assert ("mains is fed again as soon as this command has ended" in capfd.readouterr().err) is (code == 4)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        pytest.param(["run", "power-outage"], 4, marks=pytest.mark.process),
        (["power", "on", "edge"], 4),
        (["power", "off", "edge"], 4),
        (["restore"], 3),
    ],
    ids=lambda value: str(value),
)
def test_a_supply_that_would_not_stay_on_is_never_called_safe(
    command: list[str], code: int, strict: Callable[[str], str], capfd: Captured
) -> None:
    assert run([*command, "--rig", strict("no")]) == code

    printed = capfd.readouterr()
    assert "safe" not in printed.out
    assert "mains: pin 17 falls to its pull" in printed.err
    assert ("UNRESTORED mains" in printed.err) is (code == 3)


def test_a_check_says_beforehand_what_nothing_would_hold(strict: Callable[[str], str], capfd: Captured) -> None:
    for contact, is_told in (("no", True), ("nc", False)):
        assert run(["check", "power-outage", "--rig", strict(contact)]) == 0
        assert ("mains would be refused: pin 17 falls to its pull" in said(capfd)) is is_told


def test_a_dut_that_the_rig_has_not_is_named(capfd: Captured) -> None:
    assert run(["power", "on", "egde", "--rig", "sim"]) == 2

    assert "did you mean 'edge'?" in capfd.readouterr().err


def test_restore_says_what_the_rail_measures(capfd: Captured) -> None:
    assert run(["restore", "--rig", "sim"]) == 0

    assert said(capfd) == "edge: rail at 5.00 V, safe\n"


def test_restore_says_what_is_missing_and_does_without_it(tmp_path: Path, capfd: Captured) -> None:
    text = (data("rigs") / "sim.toml").read_text("utf-8")
    rig = tmp_path / "dead.toml"
    rig.write_text(text.replace("[world.chips.monitor]\n", '[world.chips.monitor]\ndefect = "dead"\n'), "utf-8")

    assert run(["restore", "--rig", str(rig)]) == 0

    missing, rail = said(capfd).splitlines()
    assert missing.startswith("monitor is missing: no chip answers at address 0x40 of I2C bus 1")
    assert rail == "edge: rail unseen (no meter)"


def test_list_names_every_kind(capfd: Captured) -> None:
    assert run(["list", "--json"]) == 0

    found = json.loads(said(capfd))
    assert {"relay", "ina226"} <= set(found["devices"])
    assert {"noop", "power_cut", "power_flicker"} <= set(found["faults"])
    assert {"http", "tcp", "power_draw", "witness"} <= set(found["probes"])
    assert {"sim", "lab"} <= set(found["rigs"])


def test_check_switches_nothing_and_says_when(capfd: Captured) -> None:
    assert run(["check", "power-flicker", "--rig", "sim"]) == 0

    lines = said(capfd).splitlines()
    assert [line.split()[-1] for line in lines if "power_flicker power" in line] == ["off", "on"] * 4


@pytest.mark.process
def test_production_is_refused_unless_the_drill_names_it(
    monkeypatch: pytest.MonkeyPatch, capfd: Captured, tmp_path: Path
) -> None:
    monkeypatch.setenv("CRASHBENCH_ENVIRONMENT", "production")

    assert run(["run", "power-outage", "--rig", "sim"]) == 4
    assert "production" in capfd.readouterr().err

    words = ["--set", 'drill.blast_radius.environments=["production"]']
    assert run(["run", "power-outage", "--rig", "sim", *words]) == 0


@pytest.mark.process
def test_the_environment_names_rig_and_seed(monkeypatch: pytest.MonkeyPatch, capfd: Captured) -> None:
    monkeypatch.setenv("CRASHBENCH_RIG", "sim")
    monkeypatch.setenv("CRASHBENCH_SEED", "11")

    assert run(["run", "control", "--json", "-"]) == 0

    assert json.loads(said(capfd))["seed"] == 11


def test_debug_shows_the_traceback(capfd: Captured) -> None:
    assert run(["--debug", "run", "nothing", "--rig", "sim"]) == 2

    assert "Traceback" in capfd.readouterr().err


def _sim_with(folder: Path, old: str, new: str) -> Path:
    from harness.config.data import data

    text = (data("rigs") / "sim.toml").read_text(encoding="utf-8")
    assert old in text
    path = folder / "rig.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


@pytest.mark.process
def test_a_dead_meter_is_inconclusive_before_there_is_a_record(tmp_path: Path, capfd: Captured) -> None:
    rig = _sim_with(tmp_path, 'rail = "main"\nshunt', 'rail = "main"\ndefect = "dead"\nshunt')

    assert run(["run", "power-outage", "--rig", str(rig)]) == 3

    assert said(capfd).startswith("verdict: inconclusive (monitor: no chip answers")
