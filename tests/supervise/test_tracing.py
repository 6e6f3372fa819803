"""
The power traces of a run: of every meter that is sampled, under the run's folder, and none where nothing is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest

from harness import clock
from harness.assemble import assembled
from harness.model.event import Kind
from harness.model.rig import SamplingSpec
from harness.model.trace import Code
from harness.store.record import load_folder
from harness.store.trace_file import open_traces
from harness.supervise.tracing import trace_log
from tests.benches import rig, two_duts
from tests.supervise import played

S = 10**9


def traced(spec: Any, folder: Path) -> dict[str, str]:
    """
    The DUT of each trace that half a second on a rig leaves.
    """

    async def main() -> None:
        async with assembled(spec) as bench:
            bench.on_trouble(lambda problem: None)
            log = trace_log(folder, "run", bench)
            assert log.notes == ()
            async with bench.sampling(log.take):
                await anyio.sleep(0.5)
            assert log.close() == ()

    clock.run(main, virtual=True)
    return {meter: trace.dut for meter, trace in open_traces(folder).items()}


def test_each_sampled_meter_has_a_trace_that_names_its_dut(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    assert traced(two_duts(sampling=SamplingSpec()), tmp_path) == {"monitor": "edge", "twin_monitor": "twin"}


def test_where_nothing_is_sampled_there_is_no_trace(tmp_path: Path) -> None:
    assert traced(rig(), tmp_path) == {}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.lab
def test_a_run_in_the_lab_is_sampled_from_before_the_cut_until_after_the_restore(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyarrow")
    path = played.quick_rig(tmp_path)

    async def main() -> None:
        lab = await played.playing(path)
        run = played.crashbench(tmp_path, "run", str(tmp_path / "quick.toml"), "--rig", str(path))
        try:
            await played.until(lambda: run.poll() is not None, 60, "the run's end")
            assert run.returncode == 0
        finally:
            run.kill()
            run.communicate()
            await lab.stop()

    with played.home(tmp_path, monkeypatch):
        clock.run(main)
        record = played.record_of(tmp_path)
        assert record is not None
        (told,) = [event.data for event in played.events(record) if event.kind is Kind.SAMPLED]
        assert told["meter"] == "monitor"
        assert isinstance(told["conversions"], int)
        assert told["conversions"] > 100
        (trial,) = load_folder(record).trials
        (trace,) = open_traces(record).values()
    assert trial.instants.fault_effective is not None
    assert trial.instants.ready is not None
    assert trace.span.earliest_ns < trial.instants.fault_effective.earliest_ns
    assert trace.span.latest_ns >= trial.instants.ready.latest_ns
    around = trace.samples(trial.instants.fault_effective.earliest_ns - S // 10, trial.instants.ready.latest_ns)
    good = [volts for volts, code in zip(around.bus_v, around.code, strict=True) if code == Code.OK]
    assert min(good) < 1 < 4.5 < max(good)
