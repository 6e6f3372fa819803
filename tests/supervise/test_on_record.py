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
from harness.store.trace_about import STREAM, trace_path
from harness.store.trace_raw import Raw
from harness.store.trace_stream import StreamWriter
from harness.supervise.on_record import FILES, PAGE, close_what_was_left, put_on_record
from tests.store import recorded, traced


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path))


def record(world: Literal["real", "lab", "sim"]) -> Path:
    run = recorded.held()
    return recorded.write(runs_dir(), replace(run, head=replace(run.head, world=world)))


def test_traces_that_a_killed_supervisor_left_are_closed_when_the_next_run_has_ended() -> None:
    record("lab")
    run = recorded.held()
    left = recorded.write(runs_dir(), replace(run, head=replace(run.head, run_id="left")))
    traced.log(left, traced.steady(0, 100))
    growing = StreamWriter(trace_path(runs_dir() / "goes-on", traced.METER, STREAM), traced.ABOUT)
    recorded.write(runs_dir(), replace(run, head=replace(run.head, run_id="goes-on")))
    growing.append(traced.SCALE, Raw(traced.steady(0, 100)))

    put_on_record("a-run")

    assert traced.is_closed(left)
    assert not traced.is_closed(runs_dir() / "goes-on")
    growing.close()
    close_what_was_left()
    assert traced.is_closed(runs_dir() / "goes-on")


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
