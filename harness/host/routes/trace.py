"""
The power traces of a run.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Literal

import anyio.to_thread
from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse, StreamingResponse

from ...errors import UsageError
from ...store.record import folder
from ...store.trace_export import chosen, export
from ..asked import Bench
from ..problems import Unknown, answers
from ..schemas import JsonObject
from ..seen_run import name_of

router = APIRouter(prefix="/runs/{run_id}/trace", tags=["runs"])

_MEDIA_TYPES = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet", "vcd": "text/plain"}

_CONTENT: dict[int | str, dict[str, Any]] = {200: {"content": {kind: {} for kind in _MEDIA_TYPES.values()}}}

Format = Annotated[
    Literal["json", "csv", "parquet", "vcd"],
    Query(alias="format", description="json is an overview; the others are every sample."),
]
Moment = Annotated[int | None, Query(description="Nanoseconds on the bench clock.")]
Points = Annotated[int, Query(ge=1, le=20_000, description="Of an overview, at most.")]


@router.get(
    "", summary="The power traces of a run", response_model=JsonObject, responses={**_CONTENT, **answers(404, 422, 503)}
)
async def read_trace(
    bench: Bench,
    run_id: str,
    format_name: Format = "json",
    meter: str | None = None,
    from_ns: Moment = None,
    to_ns: Moment = None,
    points: Points = 2000,
) -> Response:
    """
    By meter: the DUT on whose rail it is, its span, a sentence on its quality, and the least, mean and greatest of each
    quantity in as many stretches as `points` at most, also while the run goes on. A stretch without a good sample has
    null. `csv`, `parquet` and `vcd` are the same as `crashbench trace` writes.
    """
    run = await anyio.to_thread.run_sync(folder, await name_of(bench, run_id))
    try:
        if format_name == "json":
            return JSONResponse(await anyio.to_thread.run_sync(_overviews, run, meter, from_ns, to_ns, points))
        pieces = await anyio.to_thread.run_sync(_begun, run, format_name, meter)
    except UsageError as error:
        raise Unknown(error.problem, key=error.key) from error
    headers = {"Content-Disposition": f'attachment; filename="{run.name}.{format_name}"'}
    return StreamingResponse(pieces, media_type=_MEDIA_TYPES[format_name], headers=headers)


def _begun(run: Path, format_name: str, meter: str | None) -> Iterator[bytes]:
    """
    An export whose first piece is there: what is wrong shows before the answer has begun.
    """
    pieces = export(run, format_name, meter)
    return chain([next(pieces)], pieces)


def _overviews(run: Path, meter: str | None, from_ns: int | None, to_ns: int | None, points: int) -> JsonObject:
    meters = {}
    for name, trace in chosen(run, meter).items():
        span = trace.span
        first_ns, last_ns = (
            given if given is not None else end for given, end in ((from_ns, span.earliest_ns), (to_ns, span.latest_ns))
        )
        seen = trace.overview(first_ns, last_ns, points)._asdict()
        meters[name] = {
            "dut": trace.dut,
            "told": trace.told,
            "span": {"earliest_ns": span.earliest_ns, "latest_ns": span.latest_ns},
            "overview": {column: [_number(value) for value in values] for column, values in seen.items()},
        }
    return {"run_id": run.name, "meters": meters}


def _number(value: float) -> float | None:
    """
    JSON has no NaN.
    """
    return None if math.isnan(value) else value
