"""
A run as it can be seen now: as far as it has come while it is running here, else as its record has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread

from ..errors import UsageError
from ..model.codec import public
from ..model.event import JSON
from ..model.run import Run
from ..store import record
from ..store.index import RunRow
from .host_bench import HostBench
from .live_run import LiveRun
from .problems import Unknown
from .schemas import DutName, RunBrief, State


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRun:
    """
    A run, whether this host is carrying it out, and what its record cannot say.
    """

    run: Run
    state: State
    problem: str = ""

    def public(self) -> dict[str, JSON]:
        """
        The JSON of a run, with `state` and `problem`; while it is running there is no verdict.
        """
        shown = public(self.run)
        if self.state == "running":
            shown |= {"verdict": None, "reason": ""}
        return {**shown, "state": self.state, "problem": self.problem}


async def see(bench: HostBench, run_id: str) -> SeenRun:
    """
    The run of that id, or the `last` one. Raises Unknown, RecordError.
    """
    name = await name_of(bench, run_id)
    if live := bench.lane.find(name):
        return SeenRun(run=live.so_far(), state="running")
    run = await anyio.to_thread.run_sync(record.load, name)
    return SeenRun(run=run, state="ended", problem=bench.lane.problem_of(name))


async def name_of(bench: HostBench, run_id: str) -> str:
    """
    The id of a run that is there, also of the `last` one. Raises Unknown.
    """
    return run_id if bench.lane.find(run_id) else (await anyio.to_thread.run_sync(_folder, run_id)).name


def brief_of_live(live: LiveRun) -> RunBrief:
    """
    A run that is going on, as a list shows it.
    """
    run = live.so_far()
    head = run.head
    return RunBrief(
        run_id=head.run_id,
        state="running",
        drill=head.drill,
        rig=head.rig,
        seed=head.seed,
        environment=head.environment,
        started_at=head.started_at,
        dut=DutName(name=head.dut.name, version=head.dut.version),
        verdict=None,
        reason="",
        trials=len(run.trials),
        duration_s=None,
    )


def brief_of_row(row: RunRow) -> RunBrief:
    """
    A run on record, as a list shows it.
    """
    return RunBrief(
        run_id=row.run_id,
        state="ended",
        drill=row.drill,
        rig=row.rig,
        seed=row.seed,
        environment=row.environment,
        started_at=row.started_at,
        dut=DutName(name=row.dut_name, version=row.dut_version),
        verdict=row.verdict.value,
        reason=row.reason,
        trials=row.trials,
        duration_s=row.duration_s,
    )


def _folder(run_id: str) -> Path:
    try:
        return record.folder(run_id)
    except UsageError as error:
        raise Unknown(error.problem, key=error.key) from error
