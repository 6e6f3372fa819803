"""
Every shipped game day holds on a sound DUT, and each of its scenarios deviates, for the right reason, on each defect
that it is known to show.
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.config.gameday import load_gameday
from harness.config.rig import load_rig
from harness.config.source import shipped
from harness.model.gameday import DefectSpec, ScenarioSpec
from harness.model.verdict import TrialVerdict, Verdict
from harness.store.record import load
from tests.edge_node.playing import module
from tests.faults.test_gameday_drills import CASES
from tests.supervise.gamedays import held, hold, learned

GAMEDAYS = {name: load_gameday(name) for name in sorted(shipped("game day"))}

# What the world itself makes a unit do, as no option of the program's can.
OF_THE_WORLD = ("never_boots",)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path / "home"))
    for name in ("CRASHBENCH_RIG", "CRASHBENCH_SEED", "CRASHBENCH_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)


def planted(folder: Path, rig: str, defect: DefectSpec) -> Path:
    """
    A copy of a shipped rig whose units misbehave, with an ear for alerts that nobody else has.
    """
    text = shipped("rig")[rig].read_text(encoding="utf-8")
    for unit in defect.units:
        if defect.name in OF_THE_WORLD:
            text, count = re.subn(rf"^\[world\.units\.{unit}\]$", rf'\g<0>\ndefect = "{defect.name}"', text, flags=re.M)
        else:
            program = rf'(^\[world\.units\.{unit}\]\nprogram = \[\s*"[^"]+",)'
            text, count = re.subn(program, rf'\1 "--defect", "{defect.name}",', text, flags=re.M)
        assert count == 1, f"{rig}: {unit}"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        text = text.replace("19094", str(free.getsockname()[1]))
    path = folder / f"{rig}-{defect.name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def unproven(folder: Path, name: str, scenario: ScenarioSpec) -> Path:
    """
    A copy of a shipped game day in which people tick everything: its proofs have been seen elsewhere. A DUT that is
    lost for good is not watched for minutes, only past the target of a minute.
    """
    text = shipped("game day")[name].read_text(encoding="utf-8")
    text = re.sub(r"^set = .*\n", "", text, flags=re.M)
    line = f'drill = "{scenario.drill}"\n'
    assert text.count(line) == 1
    text = text.replace(line, f"{line}set = {json.dumps([*scenario.overrides, 'drill.watch=70 s'])}\n")
    path = folder / f"{name}.toml"
    path.write_text(re.sub(r"^(by|within|for|probe) = .*\n", "", text, flags=re.M), encoding="utf-8")
    return path


def defects() -> Iterator[tuple[str, ScenarioSpec, DefectSpec]]:
    for name, day in GAMEDAYS.items():
        for scenario in day.scenarios:
            for defect in scenario.defects:
                yield name, scenario, defect


def test_every_defect_of_the_edge_node_is_found_by_a_drill() -> None:
    found = {defect.name for _, _, defect in defects()} | {case.defect for case in CASES}
    # With this one no drill ever begins.
    assert {*module("edge_node").DEFECTS} - {"never_steady"} <= found


@pytest.mark.parametrize("name", GAMEDAYS)
def test_every_shipped_game_day_is_known_to_be_able_to_fail(name: str) -> None:
    assert any(scenario.defects for scenario in GAMEDAYS[name].scenarios)


@pytest.mark.parametrize(("name", "scenario", "defect"), list(defects()), ids=lambda one: getattr(one, "name", one))
def test_a_defect_can_be_planted_in_the_rig_of_its_scenario(
    name: str, scenario: ScenarioSpec, defect: DefectSpec, tmp_path: Path
) -> None:
    rig = scenario.rig or GAMEDAYS[name].rig
    assert rig is not None
    assert load_rig(str(planted(tmp_path, rig, defect))).is_lab


@pytest.mark.lab
@pytest.mark.vm
@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", GAMEDAYS)
def test_a_sound_dut_holds(name: str) -> None:
    code = hold(Path(name), "--yes", "--seed", "1")

    assert code == 0, learned()
    assert {scenario.verdict for scenario in held().scenarios} == {Verdict.HELD}


@pytest.mark.lab
@pytest.mark.vm
@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("name", "scenario", "defect"), list(defects()), ids=lambda one: getattr(one, "name", one))
def test_a_planted_defect_deviates_for_the_right_reason(
    name: str, scenario: ScenarioSpec, defect: DefectSpec, tmp_path: Path
) -> None:
    rig = scenario.rig or GAMEDAYS[name].rig
    assert rig is not None
    words = ["--scenario", scenario.name, "--rig", str(planted(tmp_path, rig, defect)), "--yes", "--seed", "1"]

    code = hold(unproven(tmp_path, name, scenario), *words)

    assert code == 1, learned()
    (only,) = held().scenarios
    assert only.run_id is not None
    run = load(only.run_id)
    if defect.deviates:
        by_name = {judged.expr.split()[0]: judged.verdict for judged in run.criteria}
        assert by_name[defect.deviates] is Verdict.DEVIATED, learned()
    else:
        assert run.trials[-1].verdict is TrialVerdict.STUCK
