"""
Calling the application in this process: requests through httpx, streams over ASGI, for httpx waits for their end.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx
from fastapi import FastAPI

from harness.host.app import create_app
from harness.host.host_bench import HostBench

TOKEN = "a token of the test's own"


@dataclass
class Frame:
    """
    One event of a stream, or one comment.
    """

    id: str = ""
    event: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    comment: str = ""


class Caller:
    """
    Somebody who speaks to the application, with the token.
    """

    def __init__(self, app: FastAPI, http: httpx.AsyncClient) -> None:
        self.app, self.http = app, http

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """
        A GET below /api/v1.
        """
        return await self.http.get(f"/api/v1/{path}", headers=headers)

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """
        A POST below /api/v1; header names with _ for -.
        """
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.post(f"/api/v1/{path}", json=body, headers=named)

    @asynccontextmanager
    async def stream(self, path: str, last: str | None = None, *, pace: int = 1000) -> AsyncIterator[Stream]:
        """
        An event stream below /api/v1, cut when the context is left; a client takes `pace` chunks ahead at most.
        """
        async with listening(self.app, f"/api/v1/{path}", last, pace=pace) as stream:
            yield stream


class Stream:
    """
    What comes down an event stream.
    """

    def __init__(self, pace: int) -> None:
        self._into, self._chunks = anyio.create_memory_object_stream[bytes](pace)
        self._cut = anyio.Event()
        self._asked = False
        self.status = 0
        self.is_over = anyio.Event()

    async def receive(self) -> MutableMapping[str, Any]:
        """
        The request, and then nothing until the client goes.
        """
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._cut.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """
        A chunk of the answer; waits while the client takes none.
        """
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["body"]:
            await self._into.send(message["body"])

    def cut(self) -> None:
        """
        The client goes.
        """
        self._cut.set()

    def end(self) -> None:
        """
        The application has said all.
        """
        self._into.close()
        self.is_over.set()

    def close(self) -> None:
        """
        Nobody listens any more.
        """
        self._chunks.close()

    async def frames(self) -> AsyncIterator[Frame]:
        """
        Every frame, until the stream ends.
        """
        async for chunk in self._chunks:
            yield _frame(chunk.decode())

    async def events(self) -> AsyncIterator[Frame]:
        """
        Every event, without the comments.
        """
        async for frame in self.frames():
            if not frame.comment:
                yield frame

    async def next(self, within_s: float = 5) -> Frame:
        """
        The next frame, also if it is a comment.
        """
        with anyio.fail_after(within_s):
            return _frame((await self._chunks.receive()).decode())

    async def rest(self) -> list[Frame]:
        """
        Every event until the stream ends.
        """
        with anyio.fail_after(10):
            return [frame async for frame in self.events()]


@asynccontextmanager
async def listening(app: Any, path: str, last: str | None = None, *, pace: int = 1000) -> AsyncIterator[Stream]:
    """
    An event stream of any ASGI application.
    """
    headers = [(b"host", b"localhost"), (b"accept", b"text/event-stream")]
    if last is not None:
        headers.append((b"last-event-id", last.encode()))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": None,
        "server": ("localhost", 80),
    }
    stream = Stream(pace)

    async def answer() -> None:
        try:
            await app(scope, stream.receive, stream.send)
        finally:
            stream.end()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(answer)
        try:
            yield stream
        finally:
            stream.cut()
            with anyio.CancelScope(shield=True), anyio.move_on_after(5):
                await stream.is_over.wait()
            tasks.cancel_scope.cancel()
            stream.close()


@asynccontextmanager
async def serving(bench: HostBench) -> AsyncIterator[Caller]:
    """
    The application over a bench, open, with somebody who speaks to it.
    """
    app = create_app(bench, TOKEN)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as http,
    ):
        yield Caller(app, http)


def _frame(text: str) -> Frame:
    frame = Frame()
    for line in filter(None, text.splitlines()):
        name, _, value = line.partition(": ")
        match name:
            case "":
                frame.comment = value
            case "id":
                frame.id = value
            case "event":
                frame.event = value
            case "data":
                frame.data = json.loads(value)
            case _:
                pass
    return frame
