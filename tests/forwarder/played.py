"""
Servers and clients around a forwarder, in one loop.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import anyio

from harness import clock
from harness.forwarder.forwarder import Forwarder
from tests.starved import Starved

HOST = "127.0.0.1"


def run(main: Callable[[], Awaitable[None]], limit_s: float = 10.0) -> None:
    """
    Runs an async test in real time, with a limit.
    """

    async def limited() -> None:
        with anyio.fail_after(limit_s):
            await main()

    clock.run(limited)


@contextmanager
def taking(least_s: float, most_s: float) -> Iterator[None]:
    """
    What is done within takes so long; longer by as much as this process, in which all ends are, had no processor.
    """
    starved, began_ns = Starved(os.getpid()), clock.now_ns()
    yield
    took_s = (clock.now_ns() - began_ns) / clock.NS_PER_S
    assert least_s <= took_s < most_s + starved.ms / 1_000


@asynccontextmanager
async def serving(talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[int]:
    """
    A server that talks like that; its port.
    """

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(converse, HOST, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """
    Sends back what comes, until it ends.
    """
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


class Client:
    """
    A client's end, with limits on its patience.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, data: bytes = b"x", within_s: float = 5.0) -> bytes | None:
        """
        Sends, and returns as many bytes back; None for silence.
        """
        self.writer.write(data)
        with anyio.move_on_after(within_s):
            return await self.reader.readexactly(len(data))
        return None

    async def took_s(self) -> float:
        """
        How long an echo took.
        """
        began_ns = clock.now_ns()
        assert await self.ask() == b"x"
        return (clock.now_ns() - began_ns) / clock.NS_PER_S


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Client]:
    """
    A connection to a port.
    """
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()


@asynccontextmanager
async def forwarding(talk: Any = echo) -> AsyncIterator[Forwarder]:
    """
    A forwarder in front of a server.
    """
    async with serving(talk) as port:
        forwarder = Forwarder.to(HOST, 0, HOST, port)
        forwarder.open()
        try:
            yield forwarder
        finally:
            await forwarder.aclose()


def is_refused(port: int) -> bool:
    """
    Whether nobody listens there.
    """
    with socket.socket() as end:
        return end.connect_ex((HOST, port)) != 0
