"""
The power trace of a run.
"""

from __future__ import annotations

from fastapi import APIRouter, Response

from ..asked import Bench
from ..problems import Unknown, answers
from ..seen_run import name_of

router = APIRouter(prefix="/runs/{run_id}/trace", tags=["runs"])


@router.get("", summary="The power trace of a run", response_class=Response, responses=answers(404, 503))
async def read_trace(bench: Bench, run_id: str) -> Response:
    """
    No run has one: its readings are shown while it goes on, and not recorded.
    """
    name = await name_of(bench, run_id)
    raise Unknown(f"run '{name}' has no trace: none was recorded", key="trace")
