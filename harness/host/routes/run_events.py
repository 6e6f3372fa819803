"""
Events: of one run, or of all as they happen; as a list, or as Server-Sent Events that can be resumed.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse

from ...errors import RecordError
from ..asked import Bench
from ..feed import Mark, Stretch
from ..host_bench import HostBench
from ..problems import answers
from ..recall import Hearing, Missing, recorded, since
from ..schemas import JsonObject
from ..seen_run import name_of
from ..sse import MEDIA_TYPE, EventStream

router = APIRouter(tags=["events"])

LastEventId = Annotated[str | None, Header(description="The id of the last event that was heard.")]
After = Annotated[int, Query(ge=0, description="The line of the last event that is known.")]
Limit = Annotated[int, Query(ge=1, le=10_000)]

_STREAM: dict[int | str, dict[str, Any]] = {200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}}


@router.get(
    "/events",
    summary="What all runs of this host tell, as it happens",
    response_class=Response,
    responses={**_STREAM, **answers(422)},
)
async def stream_events(bench: Bench, last_event_id: LastEventId = None) -> Response:
    """
    Server-Sent Events from now on; with `Last-Event-ID`, from the one after it, without a gap or a repetition.

    An id is the run's id and the event's line on record; what is only shown while it happens (`reading`, and `over`
    when a run has ended and its reports are written) has none. A client that is too slow is let go, and can resume.
    """
    mark = None if last_event_id is None else Mark.parse(last_event_id)
    return EventStream(since(bench.feed, mark), bench.heartbeat_s)


@router.get(
    "/runs/{run_id}/events",
    summary="The events of a run",
    response_model=list[JsonObject],
    responses={**_STREAM, **answers(404, 422, 503)},
)
async def read_events(
    request: Request,
    bench: Bench,
    run_id: str,
    after: After = 0,
    limit: Limit = 1000,
    last_event_id: LastEventId = None,
) -> Response:
    """
    A list of those after a line; with `Accept: text/event-stream`, a stream that ends with the run.
    """
    name = await name_of(bench, run_id)
    if MEDIA_TYPE in request.headers.get("accept", ""):
        mark = Mark(name, after) if last_event_id is None else Mark.parse(last_event_id)
        return EventStream(_of(bench, Mark(name, mark.line if mark.run_id == name else 0)), bench.heartbeat_s)
    return JSONResponse(await _first(_of(bench, Mark(name, after), follow=False), limit))


def _of(bench: HostBench, mark: Mark, *, follow: bool = True) -> Hearing:
    """
    The events of a run after a mark; of one that is not running here, as its record has them.
    """
    if bench.lane.find(mark.run_id) is None:
        return recorded(Stretch(0, mark.run_id, mark.line + 1, 0))
    return since(bench.feed, mark, mark.run_id, follow=follow)


async def _first(heard: Hearing, limit: int) -> list[dict[str, object]]:
    events: list[dict[str, object]] = []
    async for told in heard:
        if isinstance(told, Missing):
            raise RecordError(told)
        if told.line is not None:
            events.append({**told.public()})
        if len(events) == limit:
            break
    return events
