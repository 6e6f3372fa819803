"""
A feed's readings as Server-Sent Events.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import aclosing

from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import SendTimeoutError
from starlette.types import Receive, Scope, Send

from .feed import FellBehind, Mark
from .recall import Hearing, Missing

MEDIA_TYPE = "text/event-stream"

# A client that takes nothing for so long, with its buffers full, is gone or might as well be.
_TAKES_WITHIN_S = 20.0
_RETRY_MS = 1000


class EventStream(EventSourceResponse):
    """
    What is heard, as it comes, with a comment as a heartbeat; a client that is too slow is let go.
    """

    def __init__(self, heard: Hearing, heartbeat_s: float) -> None:
        super().__init__(
            _sent(heard),
            ping=heartbeat_s,
            ping_message_factory=lambda: _comment("heartbeat"),
            send_timeout=_TAKES_WITHIN_S,
            sep="\n",
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """
        Streams until the run, the host or the client ends.
        """
        try:
            await super().__call__(scope, receive, send)
        except SendTimeoutError:
            return  # nothing reaches it any more, not even a reason


async def _sent(heard: Hearing) -> AsyncIterator[ServerSentEvent]:
    # At once, so that a client knows that it is connected before anything happens.
    yield ServerSentEvent(retry=_RETRY_MS, comment="connected", sep="\n")
    async with aclosing(heard) as words:
        try:
            async for told in words:
                if isinstance(told, Missing):
                    yield _comment(told)
                    continue
                event_id = None if told.line is None else str(Mark(told.run_id, told.line))
                data = json.dumps(told.public(), separators=(",", ":"), allow_nan=False)
                yield ServerSentEvent(data, event=told.kind, id=event_id, sep="\n")
        except FellBehind:
            yield _comment("too slow: what comes next has left the memory; connect again with Last-Event-ID")


def _comment(text: str) -> ServerSentEvent:
    return ServerSentEvent(comment=text, sep="\n")
