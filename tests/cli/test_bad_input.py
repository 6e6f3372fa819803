"""
Bad input: one line each, with file, key and the nearest right one; exit code 2; nothing switched.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cli.main import run
from harness.config.data import data

RIG = (data("rigs") / "sim.toml").read_text(encoding="utf-8")
DRILL = (data("rigs") / "drills" / "power-outage.toml").read_text(encoding="utf-8")
REAL = """
title = "Somebody's own"
environment = "lab"
[gpio]
factory = "gpiochip"
chip = "gpiochip71"
[i2c]
driver = "linux"
[devices.mains]
kind = "relay"
pin = 17
[devices.monitor]
kind = "ina226"
bus = 71
[devices.health]
kind = "http_service"
url = "http://127.0.0.1:1"
[dut.edge]
nominal = "5 V"
brown_out = "3 V"
[dut.edge.roles]
power = "mains"
meter = "monitor"
probes.health = "health"
probes.records = "health"
"""

# What is changed in the rig, in the drill; what the line must name.
CASES: dict[str, tuple[tuple[str, str] | None, tuple[str, str] | None, tuple[str, ...]]] = {
    "unknown key of a device": (("shunt =", "shnut ="), None, ("rig.toml", "devices.monitor.shnut", "'shunt'")),
    "unknown key of a rig": (("[dut.edge]", "[dutt.edge]"), None, ("rig.toml", "dutt", "'dut'")),
    "unknown kind": (('kind = "relay"', 'kind = "realy"'), None, ("rig.toml", "devices.mains.kind", "'relay'")),
    "unknown device in a role": (('power = "mains"', 'power = "maisn"'), None, ("roles.power", "'mains'")),
    "unknown pin factory": (('factory = "sim"', 'factory = "smi"'), None, ("rig.toml", "gpio.factory", "'sim'")),
    "unknown i2c driver": (('driver = "sim"', 'driver = "smi"'), None, ("rig.toml", "i2c.driver", "'sim'")),
    "not TOML": (("[gpio]", "[gpio"), None, ("rig.toml", "not TOML")),
    "wrong unit": (None, ('for = "3 s"', 'for = "3 V"'), ("drill.toml", "fault.0.for", "'V'", "ms")),
    "no unit": (None, ('hold = "2 s"', "hold = 2"), ("drill.toml", "hold", "unit")),
    "unknown key of a fault": (None, ('for = "3 s"', 'fro = "3 s"'), ("drill.toml", "fault.0.fro", "'for'")),
    "unknown fault": (None, ('"power_cut"', '"power_cutt"'), ("drill.toml", "fault.0.kind", "'power_cut'")),
    "unknown role": (None, ('role = "power"', 'role = "pwoer"'), ("drill.toml", "fault.0.role", "'power'")),
    "relay absent from the rig": (('power = "mains"\n', ""), None, ("drill.toml", "fault.0.role", "'power'")),
    "a probe that is no service": (None, ('role = "probes.health"', 'role = "probes.rail"'), ("HttpService",)),
    "unknown criterion": (None, ("time_to_detect <", "time_to_detetc <"), ("criteria.0.expr", "'time_to_detect'")),
    "no meter to prove by": (('meter = "monitor"\n', ""), None, ("drill.toml", "meter")),
}

# What the bench alone can tell, in its own process; everything else is told before there is one.
BY_THE_BENCH = {
    "unknown pin factory",
    "unknown i2c driver",
    "unknown role",
    "relay absent from the rig",
    "a probe that is no service",
    "no meter to prove by",
}
ASKED = [
    pytest.param(case, command, marks=[pytest.mark.process] if command == "run" and case in BY_THE_BENCH else [])
    for case in CASES
    for command in ("run", "check")
]


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize(("case", "command"), ASKED)
def test_bad_input_is_one_line_with_the_nearest_right_one(
    case: str, command: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    in_rig, in_drill, named = CASES[case]
    rig = _written(tmp_path / "rig.toml", RIG, in_rig)
    drill = _written(tmp_path / "drill.toml", DRILL, in_drill)

    assert run([command, str(drill), "--rig", str(rig)]) == 2

    _assert_one_line(capfd, named)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["run", "power-outage", "--rig", "smi"], ("rig", "'sim'")),
        (["run", "power-outgae", "--rig", "sim"], ("drill", "'power-outage'")),
        (["run", "power-outage"], ("--rig", "sim")),
        (["run", "power-outage", "--rig", "nowhere/at-all.toml"], ("nowhere/at-all.toml", "no such file")),
        (["run", "power-outage", "--rig", "sim", "--set", "hold"], ("--set", "key=value")),
        (["run", "power-outage", "--rig", "sim", "--set", "drill.hodl=2 s"], ("hodl", "'hold'")),
        (["show", "nobody-ran-this"], ("nobody-ran-this",)),
        (["report", "last", "--format", "pdf"], ("format", "md")),
        (["prune", "--older-than", "90"], ("--older-than", "unit")),
        (["prune", "--older-than", "-5d"], ("--older-than", "'-5d'", "90 d")),
        (["prune", "--older-than", "0 d"], ("--older-than", "'0 d'")),
        (["prune", "--older-than", "soon"], ("--older-than", "quantity")),
        (["power", "cycle", "edge", "--rig", "sim", "--off-time", "-1 s"], ("--off-time", "'-1 s'")),
        (["lab", "--rig", "lab", "--idle", "0 s"], ("--idle", "'0 s'")),
        (["lab", "--rig", "sim"], ("sim.toml", "played")),
        (["run", "power-outage", "--rig", "sim", "--json", "no/such/x.json"], ("no/such/x.json: --json", "a folder")),
        (["run", "power-outage", "--rig", "sim", "--json", "/"], ("/: --json", "a file")),
        (["run", "power-outage", "--sede", "3"], ("--sede: ", "'--seed'")),
        (["run", "power-outage", "--seed", "abc"], ("--seed: must be a valid integer", "crashbench run --help")),
        (["run", "power-outage", "--trials", "0"], ("--trials: must be",)),
        (["run", "power-outage", "--rig"], ("--rig: ", "--help")),
        (["run", "power-outage", "and", "more"], ("unexpected", "crashbench run --help")),
        (["run"], ("DRILL: missing; write `crashbench run DRILL`",)),
        (["prune"], ("--older-than: missing", "`crashbench prune --older-than …`")),
        (["power", "no", "edge"], ("VERB: ", "'cycle'")),
        (["rnu"], ("rnu: there is no such command; did you mean 'run'?",)),
        (["board", "inf"], ("inf: ", "'info'")),
        (["--bogus"], ("--bogus: ", "--debug")),
    ],
    ids=lambda value: " ".join(value),
)
def test_bad_words_are_one_line(
    words: list[str], named: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CRASHBENCH_RIG", raising=False)

    assert run(words) == 2

    _assert_one_line(capfd, named)


def test_an_error_of_our_own_is_one_line_too(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fall_over(_: object) -> None:
        raise KeyError("no such thing")

    monkeypatch.setattr("harness.store.index.Index.open", fall_over)

    assert run(["runs"]) == 3
    _assert_one_line(capfd, ("KeyError", "no such thing", "--debug"))
    assert run(["--debug", "runs"]) == 3
    assert "Traceback" in capfd.readouterr().err


@pytest.mark.process
@pytest.mark.parametrize(
    ("gone", "named"),
    [
        ('chip = "gpiochip71"', ("rig.toml", "gpio.chip", "gpiochip71")),
        ("bus = 71", ("rig.toml", "devices.monitor", "bus", "71")),
    ],
)
def test_hardware_that_is_not_there_is_named(
    gone: str, named: tuple[str, ...], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    # For the bus the relay must not stand in the way: without one there is nothing to find no chip for.
    text = REAL
    if gone.startswith("bus"):
        text = (
            text.replace('[gpio]\nfactory = "gpiochip"\nchip = "gpiochip71"\n', "")
            .replace('[devices.mains]\nkind = "relay"\npin = 17\n', "")
            .replace('power = "mains"\n', "")
        )
        drill = _written(tmp_path / "drill.toml", DRILL, None)
        drill.write_text(_control(), encoding="utf-8")
    else:
        drill = _written(tmp_path / "drill.toml", DRILL, None)
    rig = _written(tmp_path / "rig.toml", text, None)

    assert run(["run", str(drill), "--rig", str(rig)]) == 2

    _assert_one_line(capfd, named)


def test_an_unreadable_file_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rig.toml").mkdir()

    assert run(["run", "power-outage", "--rig", str(tmp_path / "rig.toml")]) == 2

    _assert_one_line(capfd, ("rig.toml", "not a file"))


def test_two_devices_on_one_pin_are_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    second = '[devices.other]\nkind = "relay"\npin = 17\n\n[dut.edge]'
    rig = _written(tmp_path / "rig.toml", RIG, ("[dut.edge]", second))

    assert run(["check", "power-outage", "--rig", str(rig)]) == 2

    _assert_one_line(capfd, ("rig.toml", "devices.other", "pin 17", "'mains'"))


def _control() -> str:
    return (
        (data("rigs") / "drills" / "control.toml")
        .read_text(encoding="utf-8")
        .replace("probes.rail", "meter")
        .replace('[[steady_state]]\nkind = "tcp"\nrole = "probes.port"\nperiod = "500 ms"\ntimeout = "500 ms"\n\n', "")
    )


def _written(path: Path, text: str, change: tuple[str, str] | None) -> Path:
    if change is not None:
        assert change[0] in text
        text = text.replace(*change, 1)
    path.write_text(text, encoding="utf-8")
    return path


def _assert_one_line(capfd: pytest.CaptureFixture[str], named: tuple[str, ...]) -> None:
    said, complained = capfd.readouterr()
    assert said == ""
    assert len(complained.splitlines()) == 1, complained
    for word in named:
        assert word in complained
