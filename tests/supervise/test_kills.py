"""
Nothing is left dark: whoever is killed, however, at whatever moment of a run.
"""

from __future__ import annotations

import signal
import subprocess
from itertools import cycle, islice
from pathlib import Path
from random import Random

import anyio
import pytest

from harness import clock
from harness.config.rig import load_rig
from harness.engine.undo import UndoJournal
from harness.lab.launch import Lab
from harness.store.record import load_folder
from harness.supervise.places import undo_path
from tests.supervise import played

pytestmark = pytest.mark.lab

WITHIN_S = 1.0
# A quick drill takes about this long from its first trial's start; every moment lies inside.
RUN_S = 2.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
WHO = ("bench", "supervisor", "both")
COMBINATIONS = [(who, signum) for signum in SIGNALS for who in WHO]

SHORT = list(enumerate(islice(cycle(COMBINATIONS), 30)))
LONG = list(enumerate(combination for combination in COMBINATIONS for _ in range(30)))


@pytest.fixture(name="folder")
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path / "home"))
    played.quick_rig(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("index", "combination"), SHORT, ids=lambda value: str(value))
def test_a_killed_bench_leaves_the_dut_fed(folder: Path, index: int, combination: tuple[str, signal.Signals]) -> None:
    _check(folder, index, *combination)


# A board's dead-man cuts in by itself, whoever is dead: another way to safety, so each combination once more.
THROUGH_THE_BOARD = [(3 * index + 1, combination) for index, combination in enumerate(COMBINATIONS)]


@pytest.mark.vm
@pytest.mark.parametrize(("index", "combination"), THROUGH_THE_BOARD, ids=lambda value: str(value))
def test_a_killed_bench_leaves_the_dut_fed_by_the_board(
    folder: Path, index: int, combination: tuple[str, signal.Signals]
) -> None:
    played.quick_rig(folder, "lab")
    _check(folder, index, *combination)


# Where a line falls to its pull when its program ends, a killed bench lets its relay go: once with each signal.
STRICT = [(7, ("bench", signal.SIGKILL)), (11, ("supervisor", signal.SIGINT)), (19, ("both", signal.SIGTERM))]


@pytest.mark.parametrize(("index", "combination"), STRICT, ids=lambda value: str(value))
def test_a_killed_bench_leaves_the_dut_fed_where_lines_fall(
    folder: Path, index: int, combination: tuple[str, signal.Signals]
) -> None:
    played.quick_rig(folder, persist="strict")
    _check(folder, index, *combination)


@pytest.mark.soak
@pytest.mark.parametrize("released_lines", ["persist", "strict"])
@pytest.mark.parametrize(("index", "combination"), LONG, ids=lambda value: str(value))
def test_each_way_to_kill_it_thirty_times(
    folder: Path, index: int, combination: tuple[str, signal.Signals], released_lines: str
) -> None:
    played.quick_rig(folder, persist=released_lines)
    _check(folder, index, *combination)


def _check(folder: Path, index: int, who: str, signum: signal.Signals) -> None:
    # Spread evenly over the run, and shaken a little, so that no two fall on the same step.
    moment_s = RUN_S * ((index * 7 % 30) + Random(index).random()) / 30
    clock.run(_killed_at, folder, who, signum, moment_s)


async def _killed_at(folder: Path, who: str, signum: signal.Signals, moment_s: float) -> None:
    rig = folder / "bench.toml"
    lab = await played.playing(rig)
    supervisor = played.crashbench(folder, "run", str(folder / "quick.toml"), "--rig", str(rig))
    try:
        record = await played.until(lambda: played.record_of(folder), 20, "the first trial")
        bench = played.bench_of(supervisor.pid)
        await anyio.sleep(moment_s)
        assert supervisor.poll() is None, "the run was over before the moment came"
        for pid in {"bench": [bench], "supervisor": [supervisor.pid], "both": [supervisor.pid, bench]}[who]:
            sent_ns = played.kill(pid, signum)
        if who == "both" and signum is signal.SIGKILL:
            await _restored_by_hand(folder, rig)
        else:
            await _fed_in_time(lab, sent_ns)
            await played.until(lambda: supervisor.poll() is not None, 20, "the supervisor's end")
            # The orphaned bench closes its record after the DUT is fed; its lease is gone when it is.
            await played.until(lambda: not Path(f"/proc/{bench}").exists(), 20, "the bench's end")
            assert played.is_fed(lab.client)
            assert UndoJournal(undo_path(load_rig(str(rig)))).pending().is_clean
    finally:
        supervisor.kill()
        supervisor.communicate()
        await lab.stop()
    run = load_folder(record)
    assert run.verdict == "inconclusive", run.reason


async def _fed_in_time(lab: Lab, sent_ns: int) -> None:
    """
    The DUT is fed within the second, and stays so: a bench that lives on must not cut again.
    """
    deadline_ns = sent_ns + round(WITHIN_S * clock.NS_PER_S)
    await clock.sleep_until(deadline_ns)
    assert played.is_fed(lab.client), f"dark {WITHIN_S:g} s after the signal"


async def _restored_by_hand(folder: Path, rig: Path) -> None:
    restore = played.crashbench(folder, "restore", "--rig", str(rig))
    await played.until(lambda: restore.poll() is not None, 20, "crashbench restore")
    said, complained = restore.communicate()
    assert restore.returncode == 0, complained
    (line,) = [line for line in said.splitlines() if line.startswith("edge: rail at")]
    assert float(line.split()[3]) > 4.5


@pytest.mark.vm
def test_a_bench_that_is_stopped_in_the_middle_of_a_cut_is_tripped_and_says_so(folder: Path) -> None:
    played.quick_rig(folder, "lab")
    clock.run(_stopped_in_the_middle, folder)


async def _stopped_in_the_middle(folder: Path) -> None:
    rig = folder / "bench.toml"
    lab = await played.playing(rig)
    run = played.crashbench(folder, "run", str(folder / "quick.toml"), "--rig", str(rig))
    try:
        record = await played.until(lambda: played.record_of(folder), 20, "the first trial")
        bench = played.bench_of(run.pid)
        await played.until(lambda: not played.is_fed(lab.client), 20, "the cut")
        stopped_ns = played.kill(bench, signal.SIGSTOP)
        await _fed_in_time(lab, stopped_ns)
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
        played.kill(first.pid, signal.SIGKILL)
        played.kill(bench, signal.SIGKILL)
        first.communicate()
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
