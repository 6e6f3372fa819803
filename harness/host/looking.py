"""
Since when this process has surely looked at everything that had come to it.
"""

from __future__ import annotations

import anyio.lowlevel
from starlette.types import ASGIApp, Receive, Scope, Send

from .. import clock

# How often it notes the time: an instant that begins with it is about as wide.
_EVERY_S = 0.02

# From the kernel's having a request to the application's being called the event loop goes round some five times: a
# connection is let in, its protocol made, the request read, its task begun. What was there at a moment has been noticed
# when the loop has gone round this often since.
_ROUNDS = 64

_KEY = "crashbench.not_there_ns"


class Looking:
    """
    Notes the time and lets the event loop go round: a request that comes up now had not come by then. `keep` it
    running, and have the application `noted` by it, before anything else may take a request elsewhere.
    """

    def __init__(self) -> None:
        self.since_ns = clock.now_ns()
        """A request that the application is called for now was not there at this moment (nanoseconds)."""

    def noted(self, app: ASGIApp) -> ASGIApp:
        """
        The application, with a note on each request.
        """

        async def note(scope: Scope, receive: Receive, send: Send) -> None:
            scope[_KEY] = self.since_ns
            await app(scope, receive, send)

        return note

    @staticmethod
    def not_there_ns(scope: Scope) -> int:
        """
        When a request that was noted had surely not come (nanoseconds).
        """
        return int(scope[_KEY])

    async def keep(self) -> None:
        """
        Looks until it is cancelled.
        """
        while True:
            at_ns = clock.now_ns()
            for _ in range(_ROUNDS):
                await anyio.lowlevel.checkpoint()
            self.since_ns = at_ns
            await anyio.sleep(_EVERY_S)
