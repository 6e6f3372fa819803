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
from tests.supervise import played

pytestmark = pytest.mark.lab

# A tenth of a second in the sampler, half a second until the next flush, and as much for a busy machine.
_LOST_AT_MOST_NS = 1_200_000_000


@pytest.mark.parametrize("who", ["bench", "both"])
def test_the_trace_of_a_killed_bench_lacks_its_last_moment_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path / "home"))
    played.quick_rig(tmp_path)
    clock.run(_killed, tmp_path, who)


async def _killed(folder: Path, who: str) -> None:
    rig = folder / "bench.toml"
    lab = await played.playing(rig)
    supervisor = played.crashbench(folder, "run", str(folder / "quick.toml"), "--rig", str(rig))
    try:
        record = await played.until(lambda: played.record_of(folder), 20, "the first trial")
        bench = played.bench_of(supervisor.pid)
        await anyio.sleep(1.2)
        (growing,) = open_traces(record).values()
        seen = growing.extent
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
    assert killed_ns - _LOST_AT_MOST_NS < trace.span.latest_ns <= killed_ns
