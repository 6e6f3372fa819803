"""
The presets: each loads, says what it is shaped after, and runs on the shipped rigs with an honest sheet.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from harness.cli import main as cli
from harness.config.drill import load_drill
from harness.config.source import shipped
from harness.engine.guard import Guard
from harness.model.deviation import Deviation
from harness.model.drill import DrillSpec
from harness.model.rig import RigSpec
from harness.model.verdict import Verdict
from tests.benches import Played, play, shipped_rig
from tests.supervise.played import patient
from tests.test_error_bars import lies

LADDERS = (
    "lv124-e10",
    "lv124-e13",
    "iec-61000-4-11-class-2",
    "iec-61000-4-11-class-3",
    "iec-61000-4-29",
    "iso-16750-2",
    "off-dwell-ladder",
    "interrupted-boots",
)
PRESETS = (*LADDERS, "jittery-plug", "sag-loop")

# How many rows a rig does of each: `sim` has a relay, `sim-board` a MOSFET that it times by itself.
DONE = {
    "sim": dict(zip(LADDERS, (28, 2, 2, 2, 4, 1, 10, 8), strict=True)),
    "sim-board": dict(zip(LADDERS, (31, 2, 2, 2, 5, 1, 11, 8), strict=True)),
}


@cache
def played(name: str, rig: str) -> Played:
    """
    A preset on a shipped rig, with the seed 1, run once for all that is asked of it.
    """
    return play(load_drill(name), shipped_rig(rig))


def done(played: Played) -> list[Deviation]:
    """
    The rows of a sheet that were run.
    """
    return [line for line in played.run.deviations if line.row != "all" and line.delivered]


def left_out(played: Played) -> list[Deviation]:
    return [line for line in played.run.deviations if not line.delivered]


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("rig", ["sim", "sim-board"])
def test_every_preset_holds_on_the_played_rigs_with_the_truth_in_what_it_measures(name: str, rig: str) -> None:
    ran = played(name, rig)
    assert ran.error is None
    assert ran.run.verdict is Verdict.HELD, ran.run.reason
    n = len(ran.run.trials)
    reason, _, undone = ran.run.reason.partition("; ")
    assert reason == f"{n} of {n} trials recovered, every criterion met"
    assert not undone or undone.endswith(" rows not done")
    assert [list(lies(trial)) for trial in ran.run.trials] == [[] for _ in ran.run.trials]
    assert ran.is_fed


@pytest.mark.parametrize("name", LADDERS)
@pytest.mark.parametrize("rig", ["sim", "sim-board"])
def test_every_row_of_a_preset_is_either_measured_or_told_why_not(name: str, rig: str) -> None:
    spec = load_drill(name)
    assert spec.ladder is not None
    ran = played(name, rig)
    rows_done = {line.row.partition(",")[0] for line in done(ran)}
    assert len(rows_done) == DONE[rig][name]
    assert len(rows_done) + len(left_out(ran)) == len(spec.ladder.rows)
    assert all(line.measured_by.startswith("monitor: the rail below ") for line in done(ran))
    assert all(line.why for line in left_out(ran))
    assert sum(row.repeats for row in spec.ladder.rows if str(row.number) in rows_done) == len(ran.run.trials)


@pytest.mark.parametrize("name", PRESETS)
def test_no_preset_claims_to_be_what_it_is_shaped_after(name: str) -> None:
    text = shipped("drill")[name].read_text("utf-8").lower()
    assert "complian" not in text
    assert "conform" not in text
    if name in LADDERS[:6]:
        assert "shaped after" in load_drill(name).title


def test_e10_has_its_56_steps() -> None:
    ladder = load_drill("lv124-e10").ladder
    assert ladder is not None
    offs_us = [round(row.faults[0].config.off_s * 1e6) for row in ladder.rows]  # type: ignore[attr-defined]
    assert offs_us == [
        *range(10, 101, 10),
        *range(200, 1001, 100),
        *range(2_000, 10_001, 1_000),
        *range(20_000, 100_001, 10_000),
        *range(200_000, 2_000_001, 100_000),
    ]
    assert len(offs_us) == 56
    assert load_drill("lv124-e10").trials.cool_down_s >= 10


def test_the_brown_out_sweep_goes_down_in_twenty_steps() -> None:
    ladder = load_drill("iso-16750-2").ladder
    assert ladder is not None
    left = [round(100 * row.faults[0].config.residual_ratio, 1) for row in ladder.rows]  # type: ignore[attr-defined]
    assert left == [37.5, *range(95, -1, -5)]


def test_the_reasons_for_what_is_not_done_are_the_right_ones() -> None:
    def why(name: str, rig: str) -> Counter[str]:
        words = (
            "floor is 20 ms",
            "floor is 0.1 ms",
            "reading every",
            "programmable",
            "changeover",
            "AC side",
            "an hour",
        )
        lines = left_out(played(name, rig))
        return Counter(next(word for word in words if word in line.why) for line in lines)

    assert why("lv124-e10", "sim") == {"floor is 20 ms": 28}
    assert why("lv124-e10", "sim-board") == {"floor is 0.1 ms": 9, "reading every": 16}
    assert why("lv124-e13", "sim-board") == {"an hour": 1}
    assert why("iec-61000-4-11-class-3", "sim") == {"AC side": 1, "programmable": 3}
    assert why("iec-61000-4-29", "sim") == {"programmable": 20, "changeover": 7, "floor is 20 ms": 3}


@pytest.mark.parametrize("name", ["lv124-e13", "jittery-plug"])
def test_what_is_random_repeats_exactly(name: str) -> None:
    def told(ran: Played) -> list[object]:
        return [ran.run.deviations, [trial.truth for trial in ran.run.trials]]

    assert told(play(load_drill(name), shipped_rig())) == told(played(name, "sim"))
    assert told(play(load_drill(name), shipped_rig(), seed=2)) != told(played(name, "sim"))


@pytest.mark.parametrize("name", PRESETS)
def test_a_pi_with_a_slow_relay_does_what_it_can_or_says_why_not(name: str) -> None:
    # Its relay must be on for 10 s between two strokes, and off for 200 ms.
    refused = reasons(load_drill(name), shipped_rig("pi-relay-ina226"))
    assert all("mains" in why or "monitor" in why for why in refused if why)
    if name in ("lv124-e10", "iso-16750-2", "off-dwell-ladder"):
        assert "" in refused
    if name in ("jittery-plug", "sag-loop", "interrupted-boots"):
        assert all("must stay on for 10 s" in why for why in refused)


def reasons(spec: DrillSpec, rig: RigSpec) -> list[str]:
    """
    Why a rig's guard would not let each form of a drill strike; empty where it would.
    """
    from harness import clock
    from harness.assemble import Opening, assembled

    async def main() -> list[str]:
        async with assembled(rig, opening=Opening.CHECK) as bench:
            bench.check(spec)
            return [Guard(rig).why_not(form, bench) for form in spec.forms()]

    return clock.run(main)


# --- on the command line ----------------------------------------------------------------------------------------------

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("CRASHBENCH_ENVIRONMENT", raising=False)


@pytest.mark.usefixtures("_home")
def test_check_says_which_rows_will_run_and_which_not_and_why(capfd: Captured) -> None:
    assert cli.run(["check", "iso-16750-2", "--rig", "sim"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[1] == "  1 trial(s); each waits up to 30 s for the steady state:"
    assert any(line.startswith("  shaped after ISO 16750-2") and line.endswith(": 1 of 21 rows") for line in lines)
    assert any(line.startswith("  differs: asked of the least supply voltage") for line in lines)
    why = "mains can only open: to leave 37.5 % of the voltage needs a programmable supply"
    assert f"  row 1: residual 37.5 %, off 100 ms: not run: {why}" in lines
    last = lines.index("  row 21: residual 0 %, off 5 s")
    assert lines[last + 1 : last + 3] == [
        "  t =    1.000 s  supply_dip power: mains off",
        "  t =    6.000 s  supply_dip power: mains on",
    ]
    assert not any("the guard would refuse" in line for line in lines)


def test_a_row_of_ones_own_is_shown_as_one(capfd: Captured) -> None:
    assert cli.run(["check", "lv124-e13", "--rig", "sim"]) == 0
    (line,) = [line for line in capfd.readouterr().out.splitlines() if line.startswith("  row 3")]
    assert "(instead of 4000 pulses of 0.1 ms, 1 ms apart: no relay makes them" in line


@pytest.mark.process
@pytest.mark.usefixtures("_home")
def test_check_draws_what_a_run_with_the_default_seed_will_do(capfd: Captured) -> None:
    assert cli.run(["check", "jittery-plug", "--rig", "sim"]) == 0
    planned = [line for line in capfd.readouterr().out.splitlines() if "jittery_plug" in line]
    assert cli.run(["run", "jittery-plug", "--rig", "sim", "--trials", "1", "--json", "-"]) == 0
    truth = json.loads(capfd.readouterr().out)["trials"][0]["truth"]
    took_s = (truth["removal_commanded"] - truth["fault_commanded"]) / 1e9
    assert float(planned[-1].split()[2]) - 1.0 == pytest.approx(took_s, abs=0.001)


@pytest.mark.process
@pytest.mark.usefixtures("_home")
def test_a_run_prints_its_sheet_and_has_it_in_its_json(capfd: Captured) -> None:
    assert cli.run(["run", "iso-16750-2", "--rig", "sim", "--json", "-"]) == 0
    out, err = capfd.readouterr()
    assert "deviation sheet" in err
    public = json.loads(out)
    assert [row["row"] for row in public["deviations"]] == ["all", "all", *map(str, range(1, 21)), "21, trial 0"]
    assert list(public)[-1] == "deviations"


@pytest.mark.process
@pytest.mark.usefixtures("_home")
def test_a_preset_of_which_a_rig_can_do_nothing_is_refused(capfd: Captured) -> None:
    rows = 'drill.ladder.row=[{residual=["40 %", "70 %"], off="1 s"}]'
    assert cli.run(["run", "iec-61000-4-29", "--rig", "sim", "--set", rows]) == 4
    assert "no row of iec-61000-4-29.toml can be delivered by this rig; of row 1: mains can only open" in (
        capfd.readouterr().err
    )
    assert cli.run(["check", "iec-61000-4-29", "--rig", "sim", "--set", rows]) == 0
    assert "the guard would refuse: no row of" in capfd.readouterr().out


# --- in the lab -------------------------------------------------------------------------------------------------------


@pytest.mark.lab
def test_the_ladder_runs_in_the_lab_and_prints_its_sheet(tmp_path: Path) -> None:
    rig = tmp_path / "bench.toml"
    rig.write_text(patient(shipped("rig")["lab"].read_text("utf-8")), "utf-8")
    rows = 'drill.ladder.row=[{off=["10 us", "10 ms", "150 ms", "200 ms", "500 ms"]}]'
    sets = ["--set", rows, "--set", "drill.trials.cool_down=500 ms"]
    words = ["run", "lv124-e10", "--rig", str(rig), *sets, "--json", "-"]
    ran = subprocess.run(
        [sys.executable, "-m", "harness.cli.main", *words],
        env={**os.environ, "CRASHBENCH_HOME": str(tmp_path), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "deviation sheet" in ran.stderr
    assert "mains cannot make an interruption of 10 ms honestly: its floor is 20 ms" in ran.stderr
    public = json.loads(ran.stdout)
    whole, *_, shortest, fifth, half = public["deviations"]
    assert whole["delivered"] == "3 of 5 rows"
    for line, asked_ms, trial in zip((shortest, fifth, half), (150, 200, 500), public["trials"], strict=True):
        off, on = trial["instants"]["fault_commanded"], trial["instants"]["removal_commanded"]
        least_ms, most_ms = (on["earliest_ns"] - off["latest_ns"]) / 1e6, (on["latest_ns"] - off["earliest_ns"]) / 1e6
        assert asked_ms <= most_ms
        assert least_ms < 2 * asked_ms
        middle, error = line["delivered"].removesuffix(" ms").split(" ms ± ")
        # The contact takes 8 ms ± 20 % to open and 6 ms ± 20 % to close, the rail 3 ms to leave its tolerance.
        assert float(middle) - float(error) - 10 < most_ms
        assert least_ms < float(middle) + float(error) + 10
        assert line["measured_by"] == "monitor: the rail below 4.75 V"
