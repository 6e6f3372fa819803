"""
How the host is, for those who watch it.
"""

from __future__ import annotations

from fastapi import APIRouter, Response

from ... import __version__
from .. import figures
from ..asked import Bench
from ..schemas import Health

router = APIRouter(tags=["host"])


@router.get("/healthz", summary="That the host answers")
async def read_health() -> Health:
    """
    It says nothing of the rig: `crashbench status` looks at that.
    """
    return Health(version=__version__)


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def read_metrics(bench: Bench) -> Response:
    """
    Of the runs that are on record, also those of the command line and of game days.
    """
    await bench.figures.catch_up()
    return Response(bench.figures.text(), media_type=figures.MEDIA_TYPE)
