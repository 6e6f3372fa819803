"""
A disk that is full in the middle of a cut: the DUT is fed again, and the record says what it lacks.
"""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from harness import clock
from harness.config.rig import load_rig
from harness.engine.undo import UndoJournal
from harness.model.event import Kind
from harness.model.verdict import Verdict
from harness.store.record import load_folder
from harness.store.trace_file import open_traces
from harness.supervise.places import undo_path
from tests.supervise import played

pytestmark = pytest.mark.lab

# Bytes: all events of a quick drill are some 7,000.
_STILL_TO_COME = 6_000


@pytest.mark.parametrize("takes_events", [True, pytest.param(False, marks=pytest.mark.soak)])
def test_a_disk_that_is_full_in_the_middle_of_a_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, takes_events: bool
) -> None:
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path / "home"))
    played.quick_rig(tmp_path)
    (tmp_path / "quick.toml").write_text(played.DRILL.replace("1200 ms", "3 s"), encoding="utf-8")
    clock.run(_filled, tmp_path, takes_events)


def size(path: Path) -> int:
    return path.stat().st_size


async def _filled(folder: Path, takes_events: bool) -> None:
    rig = folder / "bench.toml"
    lab = await played.playing(rig)
    run = played.crashbench(folder, "run", str(folder / "quick.toml"), "--rig", str(rig))
    try:
        record = await played.until(lambda: played.record_of(folder), 20, "the first trial")
        await played.until(lambda: not played.is_fed(lab.client), 10, "the cut")
        (stream,) = (record / "trace").glob("*.arrows")
        events = record / "events.jsonl"
        # Until the trace is so much longer than the events that those have room for what is still to come.
        await played.until(lambda: size(stream) > size(events) + _STILL_TO_COME, 20, "a long trace")
        # What the bench writes from now on is too much: no file of its may grow beyond this.
        limit = size(stream) if takes_events else 0
        resource.prlimit(played.bench_of(run.pid), resource.RLIMIT_FSIZE, (limit, limit))
        await played.until(lambda: run.poll() is not None, 30, "the run's end")
        assert played.is_fed(lab.client)
    finally:
        run.kill()
        told, complained = run.communicate()
        await lab.stop()

    ended = load_folder(record)
    if takes_events:
        assert (ended.verdict, run.returncode) == (Verdict.HELD, 0), complained
        (lost,) = [note for note in ended.notes if "trace of monitor: " in note]
        assert lost.endswith(" samples lost: File too large")
        (trace,) = open_traces(record).values()
        assert trace.extent.rows > 0
        assert UndoJournal(undo_path(load_rig(str(rig)))).pending().is_clean
    else:
        # A record that lacks its end vouches for nothing, and what it has is whole.
        assert run.returncode == 3
        assert told.splitlines()[-1].startswith("verdict: inconclusive")
        assert not ended.ended
        assert "File too large" in complained
        assert [event.kind for event in played.events(record)].count(Kind.FAULT_COMMANDED) == 1
