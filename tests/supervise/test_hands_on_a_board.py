"""
What a person's commands say of a rig whose supply hangs on a board.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import clock
from tests.supervise import played

pytestmark = [pytest.mark.lab, pytest.mark.vm]


@pytest.fixture(name="rig")
def _rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path / "home"))
    return played.quick_rig(tmp_path, "lab", "500 ms")


def test_off_is_refused_since_nobody_would_keep_it_off(rig: Path) -> None:
    command = played.crashbench(rig.parent, "power", "off", "edge", "--rig", str(rig))
    _, complained = command.communicate(timeout=30)
    assert command.returncode == 4
    assert "mains is fed again as soon as this command has ended" in complained


def test_a_restore_says_that_it_found_the_board_tripped(rig: Path) -> None:
    clock.run(_killed_then_restored, rig)


async def _killed_then_restored(rig: Path) -> None:
    lab = await played.playing(rig)
    run = played.crashbench(rig.parent, "run", str(rig.parent / "quick.toml"), "--rig", str(rig))
    try:
        await played.until(lambda: played.record_of(rig.parent), 20, "the first trial")
        bench = played.bench_of(run.pid)
        await played.until(lambda: not played.is_fed(lab.client), 20, "the cut")
        played.kill_at_once(run.pid, bench)
        await played.until(lambda: played.is_fed(lab.client), 10, "power from the dead-man")
        restore = played.crashbench(rig.parent, "restore", "--rig", str(rig))
        await played.until(lambda: restore.poll() is not None, 20, "the restore")
        said, _ = restore.communicate()
        assert "pico was found tripped: its dead-man had heard no host; armed again" in said.splitlines()
        assert "undone: mains on" in said.splitlines()
    finally:
        run.kill()
        run.communicate()
        await lab.stop()
