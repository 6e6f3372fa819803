"""
`crashbench doctor`, as a person would use it, on rigs in virtual time.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli.main import run
from harness.config.data import data
from harness.engine.odometer import Odometer

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path / "home"))
    for name in ("CRASHBENCH_RIG", "CRASHBENCH_SEED", "CRASHBENCH_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)


def sim_with(folder: Path, *changes: tuple[str, str], shipped: str = "sim") -> str:
    """
    The shipped rig with other strings.
    """
    text = (data("rigs") / f"{shipped}.toml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "bench.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


WELDED = ('operate = "8 ms", release', 'defect = "welded", operate = "8 ms", release')


@pytest.mark.process
def test_a_sound_bench_is_told_in_a_table(capfd: Captured) -> None:
    assert run(["doctor", "--rig", "sim"]) == 0

    out, err = capfd.readouterr()
    head, *rows, end = out.splitlines()
    assert head.split() == ["check", "what", "measured", "verdict", "what", "to", "do"]
    assert end == "nothing of the bench is wrong"
    for check in ("operate", "release", "bounce", "floor", "welded", "back-powered", "reset monitor", "contact life"):
        assert any(row.startswith(check) for row in rows), check
    plan = "mains: cuts the power of edge up to"
    assert plan in err


@pytest.mark.process
def test_a_welded_relay_is_wrong_and_so_is_the_exit_code(tmp_path: Path, capfd: Captured) -> None:
    assert run(["doctor", "--rig", sim_with(tmp_path, WELDED), "--json"]) == 3

    told = json.loads(capfd.readouterr().out)
    wrong = [row for row in told["findings"] if row["grade"] == "fail"]
    assert (told["exit_code"], told["problem"]) == (3, "")
    assert [(row["check"], row["subject"]) for row in wrong] == [("welded", "mains")]
    assert set(wrong[0]) == {"check", "subject", "measured", "grade", "advice"}


def test_a_dry_run_tells_the_strokes_and_makes_none(tmp_path: Path, capfd: Captured) -> None:
    assert run(["doctor", "--rig", "lab-gpio", "--dry-run"]) == 0

    assert capfd.readouterr().out.startswith("mains: cuts the power of edge up to ")
    assert not list((tmp_path / "home").rglob("strokes.log"))


@pytest.mark.process
def test_production_is_refused_unless_it_only_looks(tmp_path: Path, capfd: Captured) -> None:
    rig = sim_with(tmp_path, ('environment = "sim"', 'environment = "production"'))
    assert run(["doctor", "--rig", rig]) == 4

    assert "an audit cuts its DUTs' power; look without a stroke by `--look-only`" in capfd.readouterr().err
    assert run(["doctor", "--rig", rig, "--look-only"]) == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "--rig: missing"),
        (["--rig", "simm"], "sim"),
        (["--rig", "sim", "--replaced", "manis"], "did you mean 'mains'?"),
    ],
)
def test_what_the_caller_gets_wrong_is_a_usage_error(words: list[str], told: str, capfd: Captured) -> None:
    assert run(["doctor", *words]) == 2

    error = capfd.readouterr().err
    assert told in error
    assert error.count("\n") == 1


def test_a_replaced_relay_begins_anew(tmp_path: Path, capfd: Captured) -> None:
    rig = sim_with(tmp_path, ('time = "virtual"', 'time = "real"'), ('environment = "sim"', 'environment = "lab"'))
    from harness.config.rig import load_rig
    from harness.supervise.places import odometer

    odometer(load_rig(rig)).count("mains", 80_123)
    assert run(["doctor", "--rig", rig, "--replaced", "mains"]) == 0

    assert capfd.readouterr().out == "mains: had done 80123 strokes; it begins anew\n"
    again = odometer(load_rig(rig))
    assert isinstance(again, Odometer)
    assert again.total("mains") == 0


def test_status_tells_the_strokes(capfd: Captured) -> None:
    assert run(["status", "--rig", "sim", "--json"]) == 0

    seen = json.loads(capfd.readouterr().out)["edge"]
    assert (seen["strokes"], seen["contact_life"]) == (0, 100_000)
