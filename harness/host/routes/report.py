"""
The reports of a run.
"""

from __future__ import annotations

from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Query, Response

from ... import reports
from ...model.run import Run
from ...reports import Report
from ...store.evidence import load_evidence
from ...store.record import folder
from ..asked import Bench
from ..problems import WrongState, answers
from ..seen_run import see

router = APIRouter(prefix="/runs/{run_id}/report", tags=["runs"])

# By the ending of a report's files.
_MEDIA_TYPES = {".md": "text/markdown", ".xml": "application/xml", ".json": "application/json", ".html": "text/html"}

_CONTENT: dict[int | str, dict[str, Any]] = {200: {"content": {kind: {} for kind in _MEDIA_TYPES.values()}}}


@router.get(
    "",
    summary="A report of a run that has ended",
    response_class=Response,
    responses={**_CONTENT, **answers(404, 409, 422, 503)},
)
async def read_report(
    bench: Bench,
    run_id: str,
    format_name: str = Query("md", alias="format", description="md, junit, json or html."),
) -> Response:
    """
    The same text as `crashbench report` writes.
    """
    report = reports.load(format_name)
    seen = await see(bench, run_id)
    if seen.state == "running":
        raise WrongState(f"run '{run_id}' is still running; its report can be had when it has ended", key="run")
    text = await anyio.to_thread.run_sync(_render, report, seen.run)
    return Response(text, media_type=_MEDIA_TYPES.get(report.suffix, "text/plain"))


def _render(report: Report, run: Run) -> str:
    return report.render(run, load_evidence(folder(run.head.run_id)))
