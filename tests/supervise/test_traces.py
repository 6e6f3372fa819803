"""
The trace of a run whose bench is killed: there, and readable, nearly up to the moment of the kill.
"""

from __future__ import annotations

import signal
from pathlib import Path

import anyio
import pytest

from harness import clock
from harness.store.trace_file import open_traces
from tests.starved import NS_PER_MS, Starved
from tests.supervise import played

pytestmark = pytest.mark.lab

# A tenth of a second in the sampler, half a second until the next flush, and the rest for the disk.
_LOST_AT_MOST_NS = 2_000_000_000


@pytest.mark.parametrize("who", ["bench", "both"])
def test_the_trace_of_a_killed_bench_lacks_its_last_moment_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path / "home"))
    played.quick_rig(tmp_path)
    (tmp_path / "quick.toml").write_text(played.DRILL.replace("1200 ms", "5 s"), encoding="utf-8")
    clock.run(_killed, tmp_path, who)


async def _killed(folder: Path, who: str) -> None:
    rig = folder / "bench.toml"
    lab = await played.playing(rig)
    supervisor = played.crashbench(folder, "run", str(folder / "quick.toml"), "--rig", str(rig))
    try:
        record = await played.until(lambda: played.record_of(folder), 20, "the first trial")
        bench = played.bench_of(supervisor.pid)
        starved = Starved(bench)
        await played.until(lambda: open_traces(record), 20, "the first flush")
        await anyio.sleep(2.5)
        (growing,) = open_traces(record).values()
        seen = growing.extent
        lost_at_most_ns = _LOST_AT_MOST_NS + starved.ms * NS_PER_MS
        for pid in (bench,) if who == "bench" else (supervisor.pid, bench):
            killed_ns = played.kill(pid, signal.SIGKILL)
        await played.until(lambda: supervisor.poll() is not None, 20, "the supervisor's end")
    finally:
        supervisor.kill()
        supervisor.communicate()
        await lab.stop()

    (trace,) = open_traces(record).values()
    assert trace.span.earliest_ns == seen.first_ns
    assert trace.extent.rows >= seen.rows
    assert killed_ns - lost_at_most_ns < trace.span.latest_ns <= killed_ns
