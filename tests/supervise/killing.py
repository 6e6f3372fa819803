"""
A run in the lab of which somebody is killed, and what has to hold then.
"""

from __future__ import annotations

import signal
from pathlib import Path
from random import Random

import anyio

from harness import clock
from harness.config.rig import load_rig
from harness.engine.undo import UndoJournal
from harness.lab.launch import Lab
from harness.store.record import load_folder
from harness.supervise.places import undo_path
from tests.supervise import played

WITHIN_S = 1.0
# A quick drill takes about this long from its first trial's start; every moment lies inside.
RUN_S = 2.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
WHO = ("bench", "supervisor", "both")
COMBINATIONS = [(who, signum) for signum in SIGNALS for who in WHO]


def check(folder: Path, index: int, who: str, signum: signal.Signals) -> None:
    """
    Kills whom it says in a run of the quick drill on the quick rig, at a moment that depends on `index`.
    """
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
            await fed_in_time(lab, sent_ns)
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


async def fed_in_time(lab: Lab, sent_ns: int) -> None:
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
