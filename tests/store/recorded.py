"""
Records for tests: the events that a run would have emitted.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from harness.model import codec
from harness.model.event import Event, Kind
from harness.model.instant import Instant
from harness.model.run import Dut, Run, RunHead
from harness.model.trial import Instants, Trial
from harness.model.verdict import TrialVerdict, Verdict
from harness.store.events import FILE, EventLog

NS = 10**9


def head(run_id: str = "a-run", *, drill: str = "power-outage", rig: str = "lab", seed: int = 1) -> RunHead:
    return RunHead(
        run_id=run_id,
        drill=drill,
        drill_title="Power outage",
        hypothesis="It comes back by itself.",
        severity="P1",
        chaos_type="power",
        component="supply",
        rig=rig,
        seed=seed,
        environment="staging",
        started_at="2026-01-02T03:04:05Z",
        versions={"crashbench": "0.1.0", "python": "3.12.1", "firmware": None},
        dut=Dut(name="edge-node", version="1.0.0"),
        repeat_command=f"crashbench run {drill} --rig {rig} --seed {seed}",
    )


def held(run_id: str = "a-run", *, drill: str = "power-outage", rig: str = "lab", seed: int = 1) -> Run:
    """
    A run of one trial that recovered.
    """
    instants = Instants(fault_commanded=Instant(5 * NS, 5 * NS + 1000), ready=Instant(9 * NS, 9 * NS + 1000))
    trial = Trial(index=1, verdict=TrialVerdict.RECOVERED, instants=instants, watched_until_ns=10 * NS)
    verdict = Verdict.HELD
    run_head = head(run_id, drill=drill, rig=rig, seed=seed)
    return Run(head=run_head, trials=(trial,), verdict=verdict, reason="it held", duration_s=90.0, ended=True)


def events_of(run: Run, *, end: bool = True) -> Iterator[Event]:
    """
    What a run of 90 s from 1 s on would have emitted; without `end`, until its bench was killed.
    """
    start = Instant(NS, NS + 5)
    yield Event(kind=Kind.RUN_STARTED, at=start, data=codec.run_head_to_json(run.head))
    for trial in run.trials:
        yield Event(kind=Kind.TRIAL_STARTED, at=start, trial=trial.index)
        yield Event(kind=Kind.TRIAL_ENDED, at=start, trial=trial.index, data=codec.trial_to_json(trial))
    # A row of the sheet is known when its trial is over, or before them all.
    for place, deviation in reversed(list(enumerate(run.deviations))):
        yield Event(kind=Kind.DEVIATION, at=start, data={"place": place, **codec.deviation_to_json(deviation)})
    if end:
        data = codec.end_to_json(run.verdict, run.reason, run.criteria, run.notes)
        yield Event(kind=Kind.RUN_ENDED, at=Instant(91 * NS - 5, 91 * NS), data=data)


def write(runs: Path, run: Run, *, end: bool = True, recorded_s: int | None = None) -> Path:
    """
    A run's record in its folder among `runs`, last written at `recorded_s` of the file system's clock.
    """
    folder = runs / run.head.run_id
    with EventLog(folder, virtual=True) as log:
        for event in events_of(run, end=end):
            log(event)
    if recorded_s is not None:
        for path in (folder / FILE, folder):
            os.utime(path, (recorded_s, recorded_s))
    return folder
