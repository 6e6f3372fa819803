"""
What lies beside a record when its run has ended.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from harness.cli.told import tell_run
from harness.store.home import runs_dir
from harness.supervise.on_record import FILES, PAGE, put_on_record
from tests.store import recorded


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path))


def record(world: Literal["real", "lab", "sim"]) -> Path:
    run = recorded.held()
    return recorded.write(runs_dir(), replace(run, head=replace(run.head, world=world)))


@pytest.mark.parametrize("world", ["real", "lab"])
def test_a_run_in_real_time_has_its_page(world: Literal["real", "lab"]) -> None:
    folder = record(world)

    put_on_record("a-run")

    assert (folder / PAGE).read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert all((folder / name).exists() for name in FILES.values())


def test_a_run_in_virtual_time_gets_its_page_when_it_is_asked_for() -> None:
    folder = record("sim")

    put_on_record("a-run")

    assert {path.name for path in folder.iterdir()} == {"events.jsonl", *FILES.values()}


def test_the_last_lines_name_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    folder = record("lab")

    tell_run("a-run", "", None)

    out, err = capsys.readouterr()
    assert err.splitlines()[-1] == f"report: {folder / PAGE}"
    assert out == "verdict: held\n"


def test_without_plotly_the_other_reports_are_there_and_it_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = record("real")
    monkeypatch.setitem(sys.modules, "plotly", None)

    tell_run("a-run", "", None)

    err = capsys.readouterr().err.splitlines()
    assert err[-2:] == [
        f"no {PAGE}: it needs plotly; `pip install 'crashbench[report]'`",
        f"report: {folder / FILES['md']}",
    ]
    assert not (folder / PAGE).exists()
