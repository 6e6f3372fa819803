"""
A run that never began: its verdict is the last line, its JSON and its record are there, and they say why.
"""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from harness import clock
from harness.cli.main import run
from harness.config.data import data
from harness.errors import Exit
from harness.model.verdict import Verdict
from harness.store.record import load
from harness.supervise.request import RunRequest
from harness.supervise.supervisor import Outcome, Supervisor

Captured = pytest.CaptureFixture[str]
WORDS = ["run", "power-outage", "--rig", "sim"]


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CRASHBENCH_ENVIRONMENT", raising=False)


@pytest.fixture
def dead(tmp_path: Path) -> Path:
    """
    The simulated rig with a meter where none is.
    """
    text = (data("rigs") / "sim.toml").read_text(encoding="utf-8")
    path = tmp_path / "dead.toml"
    path.write_text(text.replace("address = 0x40", "address = 0x41", 1), encoding="utf-8")
    return path


@pytest.mark.process
def test_a_dead_meter_is_on_record(dead: Path, capfd: Captured) -> None:
    words = ["run", "power-outage", "--rig", str(dead), "--seed", "7", "--json"]
    file = dead.with_name("run.json")

    assert run([*words, str(file)]) == Exit.BENCH
    verdict = capfd.readouterr().out
    assert verdict.startswith("verdict: inconclusive (monitor: no chip answers at address 0x41")
    assert len(verdict.splitlines()) == 1

    assert run([*words, "-"]) == Exit.BENCH
    told = capfd.readouterr().out
    assert told == file.read_text(encoding="utf-8")
    public = json.loads(told)
    assert (public["verdict"], public["seed"], public["trials"]) == ("inconclusive", 7, [])
    assert public["reason"].startswith("monitor: no chip answers")

    assert run(["runs", "--json"]) == Exit.HELD
    assert [row["run_id"] for row in json.loads(capfd.readouterr().out)] == [public["run_id"]]


@pytest.mark.process
def test_a_run_that_is_interrupted_before_it_begins_is_on_record() -> None:
    async def main() -> Outcome:
        supervisor = Supervisor(RunRequest(drill="power-outage", rig="sim", seed=1), lambda _: None)
        supervisor.abort("interrupted by SIGTERM", Exit.SIGTERM)
        return await supervisor.run()

    outcome = clock.run(main)

    assert outcome.exit_code == Exit.SIGTERM
    assert outcome.run_id is not None
    record = load(outcome.run_id)
    assert (record.ended, record.verdict, record.trials) == (True, Verdict.INCONCLUSIVE, ())
    assert record.reason == "interrupted by SIGTERM before the run began"


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_before_there_is_a_supervisor_ends_with_a_verdict(
    signum: signal.Signals, monkeypatch: pytest.MonkeyPatch, capfd: Captured
) -> None:
    monkeypatch.setattr("harness.config.rig.load_rig", lambda _: os.kill(os.getpid(), signum))
    before = signal.getsignal(signum)

    assert run(WORDS) == 128 + signum

    assert capfd.readouterr().out == f"verdict: inconclusive (interrupted by {signum.name} before the run began)\n"
    assert signal.getsignal(signum) is before


def test_a_record_that_cannot_be_reported_has_a_verdict(monkeypatch: pytest.MonkeyPatch, capfd: Captured) -> None:
    ended = Outcome(exit_code=Exit.HELD, run_id="gone")
    monkeypatch.setattr("harness.supervise.supervisor.supervise", lambda *_: ended)

    assert run(WORDS) != Exit.HELD

    said, complained = capfd.readouterr()
    assert said.startswith("verdict: inconclusive (")
    assert len(said.splitlines()) == 1
    assert "gone" in complained
