"""
`crashbench doctor` with real processes on a rig in the lab: it names what is wrong, and leaves nothing dark.
"""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import anyio
import pytest

from harness import clock
from harness.config.rig import load_rig
from harness.engine.undo import UndoJournal
from harness.supervise.places import odometer, undo_path
from tests.supervise import played
from tests.supervise.killing import fed_in_time

pytestmark = pytest.mark.lab


@pytest.fixture(name="folder")
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path / "home"))
    return tmp_path


def audited(folder: Path, shipped: str = "lab-gpio", **replace: str) -> dict[str, Any]:
    """
    What doctor says as JSON of a shipped rig with other strings. It says it again where it was not there to see a
    stroke, since a tenth of a second is soon over.
    """
    told = audited_once(folder, shipped, **replace)
    unseen = {check for check, _ in wrong(told)} & {"operate", "release", "floor"}
    return audited_once(folder, shipped, **replace) if unseen else told


def audited_once(folder: Path, shipped: str, **replace: str) -> dict[str, Any]:
    rig = played.quick_rig(folder, shipped, **replace)
    doctor = played.crashbench(folder, "doctor", "--rig", str(rig), "--json")
    said, complained = doctor.communicate(timeout=90)
    assert said, complained
    told: dict[str, Any] = json.loads(said)
    assert doctor.returncode == told["exit_code"], complained
    assert UndoJournal(undo_path(load_rig(str(rig)))).pending().is_clean
    return told


def wrong(told: dict[str, Any]) -> list[tuple[str, str]]:
    """
    What it found wrong, as check and subject.
    """
    return [(row["check"], row["subject"]) for row in told["findings"] if row["grade"] == "fail"]


def test_a_welded_relay_is_named(folder: Path) -> None:
    told = audited(folder, **{'bounce = "1 ms" }': 'bounce = "1 ms", defect = "welded" }'})
    assert (wrong(told), told["exit_code"]) == ([("welded", "mains")], 3)


def test_a_back_powered_dut_is_named(folder: Path) -> None:
    told = audited(folder, **{'hold_up = "30 ms"': 'hold_up = "30 ms"\nback_power = "1.7 V"'})
    assert (wrong(told), told["exit_code"]) == ([("back-powered", "edge")], 3)


def test_a_reset_monitor_is_named(folder: Path) -> None:
    told = audited(folder, **{'address = 0x40\nrail = "main"': 'address = 0x40\ndefect = "resets"\nrail = "main"'})
    assert (wrong(told), told["exit_code"]) == ([("reset monitor", "monitor")], 3)


def test_a_relay_that_is_wired_to_another_pin_is_named(folder: Path) -> None:
    told = audited(folder, **{"contact = { pin = 17": "contact = { pin = 22"})
    assert (wrong(told), told["exit_code"]) == ([("unwired", "mains")], 3)


def test_a_dead_meter_is_named_and_nothing_is_struck(folder: Path) -> None:
    told = audited(folder, **{'address = 0x40\nrail = "main"': 'address = 0x40\ndefect = "dead"\nrail = "main"'})
    assert (wrong(told), told["exit_code"]) == ([("meter", "monitor")], 3)
    assert odometer(load_rig(str(folder / "bench.toml"))).total("mains") == 0


def test_a_sound_bench_is_measured_and_its_strokes_are_on_the_odometer(folder: Path) -> None:
    told = audited(folder)
    assert (wrong(told), told["exit_code"], told["problem"]) == ([], 0, "")
    assert {"operate", "release", "bounce", "floor"} <= {row["check"] for row in told["findings"]}
    assert odometer(load_rig(str(folder / "bench.toml"))).total("mains") >= 10


@pytest.mark.vm
def test_a_welded_relay_behind_a_board_is_named(folder: Path) -> None:
    told = audited(folder, "lab", **{'bounce = "1 ms" }': 'bounce = "1 ms", defect = "welded" }'})
    assert (wrong(told), told["exit_code"]) == ([("welded", "mains")], 3)


@pytest.mark.parametrize(
    "signum",
    [signal.SIGKILL, *(pytest.param(each, marks=pytest.mark.soak) for each in (signal.SIGINT, signal.SIGTERM))],
)
@pytest.mark.parametrize("who", ["bench", "supervisor"])
def test_a_killed_audit_leaves_the_dut_fed(folder: Path, who: str, signum: signal.Signals) -> None:
    clock.run(_killed, folder, who, signum)


async def _killed(folder: Path, who: str, signum: signal.Signals) -> None:
    rig = played.quick_rig(folder)
    lab = await played.playing(rig)
    doctor = played.crashbench(folder, "doctor", "--rig", str(rig))
    try:
        await played.until(lambda: not played.is_fed(lab.client), 20, "the first cut")
        bench = played.bench_of(doctor.pid)
        kept = played.Kept(lab.client, doctor.pid)
        sent_ns = played.kill(bench if who == "bench" else doctor.pid, signum)
        await fed_in_time(lab.client, sent_ns, kept)
        await played.until(lambda: doctor.poll() is not None, 20, "the supervisor's end")
        await played.until(lambda: not Path(f"/proc/{bench}").exists(), 20, "the bench's end")
        await anyio.sleep(0.05)
        assert played.is_fed(lab.client)
        assert UndoJournal(undo_path(load_rig(str(rig)))).pending().is_clean
        # Counted before it was made.
        assert odometer(load_rig(str(rig))).total("mains") >= 1
        if who == "supervisor" and signum is not signal.SIGKILL:
            assert doctor.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143}[signum]
    finally:
        doctor.kill()
        doctor.communicate()
        await lab.stop()


def test_a_cut_by_hand_is_on_the_odometer(folder: Path) -> None:
    rig = played.quick_rig(folder)
    power = played.crashbench(folder, "power", "cycle", "edge", "--rig", str(rig), "--off-time", "200 ms")
    _, complained = power.communicate(timeout=60)
    assert power.returncode == 0, complained
    strokes = odometer(load_rig(str(rig)))
    assert strokes.total("mains") == 1
    strokes.count("mains", 99_999)
    worn = played.crashbench(folder, "power", "off", "edge", "--rig", str(rig))
    _, complained = worn.communicate(timeout=60)
    assert worn.returncode == 4
    assert "mains has done 100000 of the 100000 strokes that its contact lasts" in complained
