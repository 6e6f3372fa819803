"""
A run in the lab of which somebody is killed, and what has to hold then.
"""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from random import Random

import anyio

from harness import clock
from harness.config.rig import load_rig
from harness.engine.undo import UndoJournal
from harness.lab.lab_client import LabClient
from harness.model.event import Kind
from harness.store.record import load_folder
from harness.supervise.places import undo_path
from tests.postgres_node.nodes import is_alive
from tests.supervise import played

WITHIN_S = 1.0
# No machine keeps anybody waiting for longer.
LONGEST_MS = 10_000
_ATTEMPTS = 3
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
    for _ in range(_ATTEMPTS):
        if clock.run(_killed_at, folder, who, signum, moment_s):
            return
        shutil.rmtree(folder / "home" / "runs")
    raise AssertionError("each run was over before the moment came")


async def _killed_at(folder: Path, who: str, signum: signal.Signals, moment_s: float) -> bool:
    """
    Whether somebody was killed: not so when the run was over before.
    """
    rig = folder / "bench.toml"
    lab = await played.playing(rig)
    supervisor = played.crashbench(folder, "run", str(folder / "quick.toml"), "--rig", str(rig))
    try:
        (bench,) = await played.until(lambda: played.children(supervisor.pid, "bench_process"), 20, "the bench")
        record = await played.until(lambda: played.record_of(folder), 20, "the first trial")
        started = next(event.at for event in played.events(record) if event.kind is Kind.TRIAL_STARTED)
        await clock.sleep_until(started.latest_ns + round(moment_s * clock.NS_PER_S))
        run = load_folder(record)
        if run.ended:
            assert run.verdict == "held" or "dead-man" in run.reason, run.reason
            return False
        kept = played.Kept(lab.client, supervisor.pid)
        for pid in {"bench": [bench], "supervisor": [supervisor.pid], "both": [supervisor.pid, bench]}[who]:
            sent_ns = played.kill(pid, signum)
        if who == "both" and signum is signal.SIGKILL:
            await played.until(lambda: not is_alive(bench) and not is_alive(supervisor.pid), 20, "the end of both")
            await _restored_by_hand(folder, rig)
        else:
            await fed_in_time(lab.client, sent_ns, kept)
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
    return True


async def fed_in_time(client: LabClient, sent_ns: int, kept: played.Kept) -> None:
    """
    The DUT is fed within the second, and as much later at most as the machine has kept those waiting who feed it; and
    it stays so until then: a bench that lives on must not cut again.
    """
    while (late_ms := (clock.now_ns() - sent_ns) / 1e6 - WITHIN_S * 1000) < 0 or not played.is_fed(client):
        kept_ms = kept.ms
        assert late_ms <= min(kept_ms, LONGEST_MS), f"dark {WITHIN_S:g} s after the signal, and {kept_ms:.0f} ms kept"
        await anyio.sleep(0.02)


async def _restored_by_hand(folder: Path, rig: Path) -> None:
    restore = played.crashbench(folder, "restore", "--rig", str(rig))
    await played.until(lambda: restore.poll() is not None, 20, "crashbench restore")
    said, complained = restore.communicate()
    assert restore.returncode == 0, complained
    (line,) = [line for line in said.splitlines() if line.startswith("edge: rail at")]
    assert float(line.split()[3]) > 4.5
