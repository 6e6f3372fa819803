"""
Runs: started, listed, read, aborted.
"""

from __future__ import annotations

from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import JSONResponse

from ...store.home import home
from ...store.index import Index, RunRow
from ..asked import NEEDS_TOKEN, Bench
from ..problems import WrongState, answers
from ..schemas import JsonObject, RunBrief, RunOrder, RunState
from ..seen_run import brief_of_live, brief_of_row, name_of, see

router = APIRouter(prefix="/runs", tags=["runs"])

IdempotencyKey = Annotated[str | None, Header(description="The same key and body: the same run, not a second one.")]
Limit = Annotated[int, Query(ge=1, le=1000)]


@router.post(
    "",
    status_code=202,
    summary="Start a run",
    dependencies=NEEDS_TOKEN,
    responses=answers(401, 403, 409, 422, 503),
)
async def start_run(
    bench: Bench, order: RunOrder, response: Response, idempotency_key: IdempotencyKey = None
) -> RunState:
    """
    Answers when the run has begun, with its id, and its place in `Location`; or with what kept it from beginning.

    One run per rig at a time: 409 names the run that has it. An `Idempotency-Key` is remembered as long as the host
    runs; a start that failed is not.
    """
    run_id = await bench.start(order, idempotency_key)
    response.headers["Location"] = f"/api/v1/runs/{run_id}"
    return RunState(run_id=run_id, state="running" if bench.lane.find(run_id) else "ended")


@router.get("", summary="The runs on record, the newest first", responses=answers(422, 503))
async def list_runs(
    bench: Bench, limit: Limit = 50, drill: str | None = None, rig: str | None = None
) -> list[RunBrief]:
    """
    Those that this host is carrying out come first; `drill` and `rig` are names.
    """
    live = {run.run_id: brief_of_live(run) for run in bench.lane.running}
    wanted = [b for b in live.values() if (drill is None or b.drill == drill) and (rig is None or b.rig == rig)]
    rows = await anyio.to_thread.run_sync(_rows, limit + len(live), drill, rig)
    return [*wanted, *(brief_of_row(row) for row in rows if row.run_id not in live)][:limit]


@router.get("/{run_id}", summary="The JSON of a run", response_model=JsonObject, responses=answers(404, 503))
async def read_run(bench: Bench, run_id: str) -> Response:
    """
    The run as its record has it, or as far as it has come, and its `state`: `running` while this host carries it out
    (then `verdict` is null), else `ended`. `problem` is what the record cannot say. `last` is the newest run.
    """
    return JSONResponse((await see(bench, run_id)).public())


@router.post(
    "/{run_id}/abort",
    status_code=202,
    summary="Abort a run",
    dependencies=NEEDS_TOKEN,
    responses=answers(401, 403, 404, 409, 503),
)
async def abort_run(bench: Bench, run_id: str) -> RunState:
    """
    The DUT is restored, and the run ends inconclusive; its events tell when.
    """
    name = await name_of(bench, run_id)
    live = bench.lane.find(name)
    if live is None:
        raise WrongState(f"run '{name}' is not running here", key="run")
    live.abort("aborted over HTTP")
    return RunState(run_id=name, state="running")


def _rows(limit: int, drill: str | None, rig: str | None) -> list[RunRow]:
    with Index.open(home()) as index:
        return index.rows(limit, drill, rig)
