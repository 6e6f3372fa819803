"""
What is asked of the record: ids in full, and one helpful line where there is nothing to show.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cli.main import run
from harness.store.events import FILE
from tests.store import recorded

Captured = pytest.CaptureFixture[str]
ID = "20261130-174505-a-drill-with-a-name-that-takes-more-than-a-terminal-is-wide-100b"


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """
    The folder of the records, empty.
    """
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path))
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs"


@pytest.mark.parametrize("columns", ["40", "80", "200"])
@pytest.mark.parametrize("is_terminal", [True, False])
def test_an_id_is_never_cut(
    columns: str, is_terminal: bool, runs: Path, monkeypatch: pytest.MonkeyPatch, capfd: Captured
) -> None:
    recorded.write(runs, recorded.held(ID))
    monkeypatch.setenv("COLUMNS", columns)
    if is_terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")

    assert run(["runs"]) == 0

    assert ID in capfd.readouterr().out.replace("\x1b[0m", "")


def test_piped_each_run_is_one_line(runs: Path, monkeypatch: pytest.MonkeyPatch, capfd: Captured) -> None:
    recorded.write(runs, recorded.held(ID))
    monkeypatch.setenv("COLUMNS", "80")

    assert run(["runs"]) == 0

    words = [line.split() for line in capfd.readouterr().out.splitlines()]
    assert words[1:] == [[ID, "power-outage", "lab", "1", "1", "held", "2026-01-02", "03:04:05"]]


@pytest.mark.parametrize(
    "words", [["show"], ["show", "last"], ["report", "last"], ["trace", "last"], ["compare", "last", "last"]]
)
def test_where_nothing_was_run_it_says_so(words: list[str], runs: Path, capfd: Captured) -> None:
    assert run(words) == 2
    assert capfd.readouterr() == (
        "",
        "crashbench: run: no run 'last'; there is none on record yet; `crashbench run` makes one\n",
    )


def test_an_unknown_run_is_told_without_a_thousand_others(runs: Path, capfd: Captured) -> None:
    recorded.write(runs, recorded.held("a-run-1"))

    assert run(["show", "a-rnu-1"]) == 2
    assert "did you mean 'a-run-1'?" in capfd.readouterr().err
    assert run(["compare", "last", "zzz"]) == 2
    assert capfd.readouterr().err == (
        "crashbench: run: no run 'zzz'; `crashbench runs` lists them, and `last` is the newest\n"
    )


@pytest.mark.parametrize("words", [["show", "torn"], ["report", "torn", "-f", "junit"], ["compare", "last", "torn"]])
def test_a_torn_record_is_named_in_one_line_and_listed(words: list[str], runs: Path, capfd: Captured) -> None:
    recorded.write(runs, recorded.held("a-run"))
    (runs / "torn").mkdir()
    (runs / "torn" / FILE).write_text('{"line":1,"event"\n', encoding="utf-8")

    assert run(words) == 3
    said, complained = capfd.readouterr()
    assert said == ""
    assert len(complained.splitlines()) == 1
    assert f"torn/{FILE}: line 1 is not what was written" in complained
    assert run(["runs"]) == 0
    assert "torn" in capfd.readouterr().out


def test_two_runs_of_different_drills_are_told_apart(runs: Path, capfd: Captured) -> None:
    recorded.write(runs, recorded.held("one"))
    recorded.write(runs, recorded.held("two", drill="control", rig="sim"))

    assert run(["compare", "one", "two"]) == 0

    said = capfd.readouterr().out
    assert "| other drill" in said
    assert "| other rig" in said
