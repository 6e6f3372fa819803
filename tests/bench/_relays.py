"""
Relays in processes of their own: run as `_relays.py KIND TARGET_PORT`; says its port, and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

_HOST = "127.0.0.1"


class Echo(asyncio.Protocol):
    """
    Sends back what comes.
    """

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


class Sink(Echo):
    """
    Takes everything, and says so after a piece that ends in 1.
    """

    def data_received(self, data: bytes) -> None:
        if data[-1] == 1:
            self.transport.write(b"k")


class Bare(asyncio.Protocol):
    """
    One end of the barest relay that asyncio has: what comes is written on, with back-pressure, and no more.
    """

    other: Bare
    transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.other.transport.write(data)

    def pause_writing(self) -> None:
        self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        self.other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.other.transport is not None:
            self.other.transport.close()


class BareFront(Bare):
    """
    Its near end, which calls the far one.
    """

    def __init__(self, port: int) -> None:
        self._port = port

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        transport.pause_reading()
        self._joining = asyncio.get_running_loop().create_task(self._join())

    async def _join(self) -> None:
        self.other = Bare()
        self.other.other = self
        await asyncio.get_running_loop().create_connection(lambda: self.other, _HOST, self._port)
        self.transport.resume_reading()


async def _streams(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    far_reader, far_writer = await asyncio.open_connection(_HOST, port)
    await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def _listening(kind: str, port: int) -> int:
    loop = asyncio.get_running_loop()
    if kind == "ours":
        from harness.forwarder.forwarder import Forwarder
        from harness.model.link import LinkShape

        forwarder = Forwarder.to(_HOST, 0, _HOST, port)
        forwarder.open()
        loop.add_reader(sys.stdin, lambda: _shape(forwarder, LinkShape))
        return forwarder.port
    if kind == "streams":
        server = await asyncio.start_server(lambda reader, writer: _streams(reader, writer, port), _HOST, 0)
    else:
        made = {"echo": Echo, "sink": Sink, "bare": lambda: BareFront(port)}[kind]
        server = await loop.create_server(made, _HOST, 0)
    return int(server.sockets[0].getsockname()[1])


def _shape(forwarder: Any, shape: Any) -> None:
    """
    A line on standard input shapes our forwarder; the answer says how long that took, in seconds.
    """
    line = sys.stdin.readline()
    if not line:
        sys.exit()
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    forwarder.shape(shape(**json.loads(line)))
    sys.stdout.write(f"{loop.time() - began_s}\n")
    sys.stdout.flush()


async def _serve(kind: str, port: int) -> None:
    told = await _listening(kind, port)
    sys.stdout.write(f"{told}\n")
    sys.stdout.flush()
    if kind != "ours":
        asyncio.get_running_loop().add_reader(sys.stdin, sys.exit)
    await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], int(sys.argv[2])))
