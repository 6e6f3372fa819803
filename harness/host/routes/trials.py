"""
The trials of a run.
"""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from ..asked import Bench
from ..problems import answers
from ..schemas import JsonObject
from ..seen_run import see

router = APIRouter(prefix="/runs/{run_id}/trials", tags=["runs"])


@router.get("", summary="The trials of a run", response_model=list[JsonObject], responses=answers(404, 503))
async def list_trials(bench: Bench, run_id: str) -> Response:
    """
    Those that have ended, as they stand in the JSON of the run.
    """
    return JSONResponse((await see(bench, run_id)).public()["trials"])
