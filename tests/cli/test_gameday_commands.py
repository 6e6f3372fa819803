"""
Game days on the command line: what is asked for, what is ticked, what is told.
"""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli.main import run
from harness.config.source import shipped
from harness.model.gameday import Standing
from harness.store.gameday_record import gameday_folder, gameday_folders, load_gameday_record
from tests.supervise.gamedays import gameday, held, hold, learned, scenario

Captured = pytest.CaptureFixture[str]

CTRL_C = "\x03"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path / "home"))
    for name in ("CRASHBENCH_RIG", "CRASHBENCH_SEED", "CRASHBENCH_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)


def test_game_days_are_listed(capfd: Captured) -> None:
    assert run(["list", "--json"]) == 0

    assert json.loads(capfd.readouterr().out)["gamedays"] == sorted(shipped("game day"))


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["powr"], ("game day", "'power'")),
        (["nowhere/at-all.toml"], ("nowhere/at-all.toml", "no such file")),
        (["power", "--scenario", "power-outgae"], ("--scenario", "power.toml", "'power-outage'")),
        (["power", "--tick", "anounce"], ("--tick", "'announce'")),
        (["power", "--tick", "baseline"], ("--tick", "'baseline' is proven")),
        (["power", "--rig", "smi"], ("rig", "'sim'")),
        (["region-failover", "--rig", "sim"], (".toml", "role", "sim.toml")),
    ],
    ids=lambda value: " ".join(value),
)
def test_bad_words_are_one_line_and_nothing_is_touched(
    words: list[str], named: tuple[str, ...], capfd: Captured
) -> None:
    assert run(["gameday", "run", *words]) == 2

    out, err = capfd.readouterr()
    assert (out, err.count("\n"), err.startswith("crashbench: ")) == ("", 1, True)
    for name in named:
        assert name in err
    assert gameday_folders() == []


def test_an_option_that_there_is_not_is_a_usage_error(capfd: Captured) -> None:
    assert run(["gameday", "run", "power", "--scenaro", "x"]) == 2
    assert "Traceback" not in capfd.readouterr().err


def test_without_a_rig_anywhere_one_is_asked_for(tmp_path: Path, capfd: Captured) -> None:
    path = gameday(tmp_path, [scenario("control")])
    path.write_text(path.read_text("utf-8").replace('rig = "sim"', ""), "utf-8")

    assert hold(path, "--yes") == 2
    assert "--rig: missing" in capfd.readouterr().err


@pytest.mark.process
def test_one_scenario_alone_on_another_rig_with_a_seed_and_the_command_that_repeats_it(tmp_path: Path) -> None:
    path = gameday(tmp_path, [scenario("power-outage"), scenario("control")], rig="lab")

    assert hold(path, "--scenario", "control", "--rig", "sim", "--seed", "7", "--yes") == 0

    day = held()
    assert [(one.name, one.rig) for one in day.scenarios] == [("control", "sim")]
    assert (day.head.seed, day.head.scenarios) == (7, ("control",))
    command = f"crashbench gameday run {path} --scenario control --rig sim --seed 7"
    assert day.head.repeat_command == command
    assert learned().endswith(f"    {command}\n")


@pytest.mark.process
def test_what_was_learned_can_be_had_again_from_the_record(tmp_path: Path, capfd: Captured) -> None:
    hold(gameday(tmp_path, [scenario("control")]), "--yes")
    capfd.readouterr()

    assert run(["gameday", "lessons"]) == 0
    assert capfd.readouterr().out == learned()
    assert run(["gameday", "lessons", "nobody-held-this"]) == 2
    assert "nobody-held-this" in capfd.readouterr().err


@pytest.mark.process
@pytest.mark.parametrize(
    ("answers", "code", "standing"),
    [("y\n" * 5, 0, Standing.TICKED), ("n\n" + "y\n" * 4, 4, Standing.OPEN), (CTRL_C, 130, None)],
    ids=["all done", "one is not", "Ctrl-C"],
)
def test_at_a_terminal_somebody_is_asked_for_what_no_flag_ticks(
    tmp_path: Path, answers: str, code: int, standing: Standing | None
) -> None:
    path = gameday(tmp_path, [scenario("control")])
    assert _at_a_terminal(["gameday", "run", str(path), "--tick", "war_room"], answers) == code

    checks = {one.item: one for one in load_gameday_record(gameday_folder("last")).checks}
    if standing is None:
        assert checks == {}
        return
    assert checks["announce"].standing is standing
    assert checks["war_room"].standing is Standing.FLAGGED
    assert checks["rollback"].standing is Standing.TICKED
    assert checks["announce"].who


def _at_a_terminal(words: list[str], answers: str) -> int:
    """
    Runs the command line on a terminal of its own, where that is typed; returns its exit code. A Ctrl-C that comes
    between Python's writing of a prompt and its reading is heard with the next one only: as people do, it is repeated.
    """
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "harness.cli.main", *words]
    process = subprocess.Popen(
        ["setsid", "--ctty", "--wait", *command], stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True
    )
    os.close(theirs)
    shown = b""
    for answer in answers.splitlines(keepends=True):
        asked = shown.count(b"[y/N]")
        while shown.count(b"[y/N]") == asked:
            shown += os.read(ours, 4096)
        os.write(ours, answer.encode())
    while process.poll() is None:
        if not select.select([ours], [], [], 2.0)[0] and answers.endswith(CTRL_C):
            os.write(ours, CTRL_C.encode())
            continue
        try:
            shown += os.read(ours, 4096)
        except OSError:
            break
    os.close(ours)
    return process.wait(60)
