"""
The traces of a sampled run, from the drill to the file that is handed on.
"""

from __future__ import annotations

import csv
import io
import shutil
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from harness.cli.main import run
from harness.config.data import data
from harness.store.home import runs_dir
from tests.store.vcd_parser import parse

pytestmark = pytest.mark.process

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path / "home"))
    for name in ("RIG", "SEED", "ENVIRONMENT"):
        monkeypatch.delenv(f"CRASHBENCH_{name}", raising=False)


@pytest.fixture
def rig(tmp_path: Path) -> str:
    """
    The shipped virtual rig with its meter sampled.
    """
    path = tmp_path / "sampled.toml"
    path.write_text((data("rigs") / "sim.toml").read_text("utf-8") + "\n[sampling]\n", "utf-8")
    return str(path)


def said(capfd: Captured) -> str:
    return capfd.readouterr().out


def test_the_same_virtual_run_is_the_same_trace_to_the_byte(rig: str, capfd: Captured) -> None:
    told = []
    for _ in range(2):
        assert run(["run", "power-outage", "--rig", rig, "--seed", "3"]) == 0
        said(capfd)
        assert run(["trace", "last", "--format", "csv"]) == 0
        told.append(said(capfd))

    assert told[0] == told[1]
    rows = list(csv.DictReader(io.StringIO(told[0])))
    assert {row["meter"] for row in rows} == {"monitor"}
    volts = [float(row["bus_v"]) for row in rows if row["flag"] == "ok"]
    assert min(volts) < 0.1 < 4.9 < max(volts)


def test_a_trace_goes_to_a_file_with_the_instants_of_its_run(rig: str, tmp_path: Path, capfd: Captured) -> None:
    assert run(["run", "power-outage", "--rig", rig]) == 0
    said(capfd)
    for format_name in ("parquet", "vcd"):
        output = tmp_path / f"out.{format_name}"
        assert run(["trace", "--format", format_name, "-o", str(output)]) == 0
        assert said(capfd) == f"trace: {output}\n"

    told = parse((tmp_path / "out.vcd").read_text("ascii"))
    up = next(at for at, value in told.changes["instants.fault_effective"] if value == "1")
    assert float(told.at("monitor.bus_v", up)) > 3.0
    assert pq.read_metadata(tmp_path / "out.parquet").num_rows > 1000


def test_a_run_whose_trace_finds_no_room_is_judged_all_the_same(rig: str, capfd: Captured) -> None:
    assert run(["run", "power-outage", "--rig", rig]) == 0
    (record,) = runs_dir().iterdir()
    shutil.rmtree(record)
    record.mkdir()
    (record / "trace").write_text("in the way")
    assert run(["run", "power-outage", "--rig", rig]) == 0
    said(capfd)

    run(["show", "last"])
    shown = said(capfd)
    assert "trace of monitor: " in shown
    assert "samples lost: " in shown
    assert run(["trace", "last"]) == 2
    assert "has no trace" in capfd.readouterr().err


def test_a_run_without_pyarrow_says_once_which_extra_brings_it(
    rig: str, capfd: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In the bench process, where the run is.
    (tmp_path / "none" / "pyarrow").mkdir(parents=True)
    (tmp_path / "none" / "pyarrow" / "__init__.py").write_text("raise ImportError('there is none')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "none"))
    assert run(["run", "power-outage", "--rig", rig]) == 0
    said(capfd)

    run(["show", "last"])
    assert said(capfd).count("no power trace is kept: pyarrow is not there") == 1


def test_what_cannot_be_had_is_a_usage_error_in_one_line(
    rig: str, capfd: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["run", "power-outage", "--rig", rig]) == 0
    monkeypatch.setattr(sys.stdout.buffer, "isatty", lambda: True, raising=False)
    said(capfd)

    for words in (["-f", "wav"], ["--meter", "other"], ["-o", "/nowhere/trace.csv"], ["-f", "parquet"]):
        assert run(["trace", "last", *words]) == 2
        assert len(capfd.readouterr().err.splitlines()) == 1
