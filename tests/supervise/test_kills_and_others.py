"""
Nothing is left dark: the other ways there, and who comes after a run that was killed.
"""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from harness import clock
from harness.config.rig import load_rig
from harness.engine.undo import UndoJournal
from harness.store.record import load_folder
from harness.supervise.places import undo_path
from tests.postgres_node.nodes import is_alive
from tests.supervise import played
from tests.supervise.killing import COMBINATIONS, check, fed_in_time

pytestmark = pytest.mark.lab


@pytest.fixture(name="folder")
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path / "home"))
    played.quick_rig(tmp_path)
    return tmp_path


# A board's dead-man cuts in by itself, whoever is dead: another way to safety, so each combination once more. What can
# still be heard takes the way that it takes without a board: that is for the long form.
THROUGH_THE_BOARD = [
    pytest.param(3 * index + 1, (who, signum), marks=[] if signum is signal.SIGKILL else pytest.mark.soak)
    for index, (who, signum) in enumerate(COMBINATIONS)
]


@pytest.mark.vm
@pytest.mark.parametrize(("index", "combination"), THROUGH_THE_BOARD, ids=lambda value: str(value))
def test_a_killed_bench_leaves_the_dut_fed_by_the_board(
    folder: Path, index: int, combination: tuple[str, signal.Signals]
) -> None:
    played.quick_rig(folder, "lab", "500 ms")
    check(folder, index, *combination)


# Where a line falls to its pull when its program ends, a killed bench lets its relay go: once with each signal.
STRICT = [(7, ("bench", signal.SIGKILL)), (11, ("supervisor", signal.SIGINT)), (19, ("both", signal.SIGTERM))]


@pytest.mark.parametrize(("index", "combination"), STRICT, ids=lambda value: str(value))
def test_a_killed_bench_leaves_the_dut_fed_where_lines_fall(
    folder: Path, index: int, combination: tuple[str, signal.Signals]
) -> None:
    played.quick_rig(folder, persist="strict")
    check(folder, index, *combination)


@pytest.mark.vm
def test_a_bench_that_is_stopped_in_the_middle_of_a_cut_is_tripped_and_says_so(folder: Path) -> None:
    played.quick_rig(folder, "lab", "500 ms")
    clock.run(_stopped_in_the_middle, folder)


async def _stopped_in_the_middle(folder: Path) -> None:
    rig = folder / "bench.toml"
    lab = await played.playing(rig)
    run = played.crashbench(folder, "run", str(folder / "quick.toml"), "--rig", str(rig))
    try:
        record = await played.until(lambda: played.record_of(folder), 20, "the first trial")
        bench = played.bench_of(run.pid)
        await played.until(lambda: not played.is_fed(lab.client), 20, "the cut")
        kept = played.Kept(lab.client, run.pid)
        stopped_ns = played.kill(bench, signal.SIGSTOP)
        await fed_in_time(lab.client, stopped_ns, kept)
        played.kill(bench, signal.SIGCONT)
        await played.until(lambda: run.poll() is not None, 20, "the run's end")
        assert run.returncode == 3
    finally:
        run.kill()
        run.communicate()
        await lab.stop()
    assert load_folder(record).reason == "pico: tripped: its dead-man had heard no host"


def test_what_a_killed_run_left_is_undone_by_the_next(folder: Path) -> None:
    clock.run(_killed_then_run_again, folder)


async def _killed_then_run_again(folder: Path) -> None:
    rig = folder / "bench.toml"
    lab = await played.playing(rig)
    try:
        first = played.crashbench(folder, "run", str(folder / "quick.toml"), "--rig", str(rig))
        await played.until(lambda: played.record_of(folder), 20, "the first trial")
        bench = played.bench_of(first.pid)
        await played.until(lambda: not played.is_fed(lab.client), 20, "the cut")
        played.kill_at_once(first.pid, bench)
        first.communicate()
        await played.until(lambda: not is_alive(bench), 20, "the bench's end")
        assert not UndoJournal(undo_path(load_rig(str(rig)))).pending().is_clean
        again = played.crashbench(folder, "run", str(folder / "quick.toml"), "--rig", str(rig))
        await played.until(lambda: again.poll() is not None, 60, "the second run")
        said, complained = again.communicate()
        assert said.splitlines()[-1:] == ["verdict: held"], complained
    finally:
        await lab.stop()


def test_a_rig_in_use_is_refused(folder: Path) -> None:
    clock.run(_two_at_once, folder)


async def _two_at_once(folder: Path) -> None:
    rig = folder / "bench.toml"
    first = played.crashbench(folder, "run", str(folder / "quick.toml"), "--rig", str(rig), "--trials", "50")
    try:
        await played.until(lambda: played.record_of(folder), 20, "the first trial")
        second = played.crashbench(folder, "run", str(folder / "quick.toml"), "--rig", str(rig))
        await played.until(lambda: second.poll() is not None, 20, "the refusal")
        _, complained = second.communicate()
        assert second.returncode == 4
        bench = played.bench_of(first.pid)
        assert f"pid {bench}" in complained
    finally:
        first.send_signal(signal.SIGINT)
        try:
            first.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            first.kill()
    assert first.returncode == 130
