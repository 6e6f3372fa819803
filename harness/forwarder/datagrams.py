"""
The forwarder for UDP: here packets can really be lost, doubled and overtaken.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any, Self, cast

from ..model.link import CLEAR, LinkShape
from .shaping import Shaping, made
from .toxic import Toxic

# A client that was silent for so long is forgotten, and its socket closed; it is a new one when it speaks again.
_IDLE_S = 60.0

Address = tuple[str, int]
Plug = Callable[[], Awaitable[socket.socket]]


class Datagrams:
    """
    Receives on one UDP address, and carries each client's packets to another one, and the answers back. `shape` it at
    any time. Must be used in a running asyncio loop, and closed. A link that is down loses every packet.

    `plug()` makes a socket that is connected to the far end. Raises OSError.
    """

    def __init__(self, host: str, port: int, plug: Plug) -> None:
        self._address, self._plug = (host, port), plug
        self._flows: dict[Address, Flow] = {}
        self._near: asyncio.DatagramTransport | None = None
        self._joining: set[asyncio.Task[None]] = set()
        self._down, self._up = Shaping(CLEAR), Shaping(CLEAR)

    @classmethod
    def to(cls, host: str, port: int, far_host: str, far_port: int) -> Self:
        """
        A forwarder from one address to another.
        """

        async def plug() -> socket.socket:
            end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            end.setblocking(False)
            end.connect((far_host, far_port))
            return end

        return cls(host, port, plug)

    @property
    def port(self) -> int:
        """
        The port on which it receives.
        """
        return self._address[1]

    @property
    def is_down(self) -> bool:
        """
        Whether no packet passes.
        """
        return self._down.shape.is_down or self._up.shape.is_down

    async def open(self) -> None:
        """
        Receives. Raises OSError when the address cannot be had.
        """
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Receiver(self._received), self._address)
        self._near = transport
        self._address = transport.get_extra_info("sockname")[:2]

    def shape(self, down: LinkShape, up: LinkShape = CLEAR) -> None:
        """
        Has other things done from now on: `down` on the way to whoever sent first, `up` on the way from there.
        """
        self._down, self._up = Shaping(down), Shaping(up)
        for flow in self._flows.values():
            flow.reshape(made(self._up.next("live")), made(self._down.next("live")))

    async def aclose(self) -> None:
        """
        Forgets every client, and receives no more.
        """
        for task in list(self._joining):
            task.cancel()
        await asyncio.gather(*self._joining, return_exceptions=True)
        for flow in list(self._flows.values()):
            flow.close()
        if self._near is not None:
            self._near.close()

    def _received(self, data: bytes, client: Address) -> None:
        flow = self._flows.get(client)
        if flow is None:
            flow = self._flows[client] = Flow(lambda: self.is_down, lambda: self._flows.pop(client, None))
            flow.reshape(made(self._up.next("new")), made(self._down.next("new")))
            task = asyncio.get_running_loop().create_task(self._join(flow, client))
            self._joining.add(task)
            task.add_done_callback(self._joining.discard)
        flow.up(data)

    async def _join(self, flow: Flow, client: Address) -> None:
        assert self._near is not None
        near = self._near
        try:
            far = await self._plug()
        except OSError:
            flow.close()
            return
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Receiver(lambda data, _: flow.down(data)), sock=far
        )
        flow.join(transport, lambda data: near.sendto(data, client))


class Flow:
    """
    One client's packets.
    """

    def __init__(self, is_down: Callable[[], bool], over: Callable[[], object]) -> None:
        self._is_down, self._over = is_down, over
        self._loop = asyncio.get_running_loop()
        self._up: tuple[Toxic, ...] = ()
        self._down: tuple[Toxic, ...] = ()
        self._far: asyncio.DatagramTransport | None = None
        self._back: Callable[[bytes], None] = _nowhere
        self._early: list[bytes] = []
        self._late: set[asyncio.TimerHandle] = set()
        self._idle = self._loop.call_later(_IDLE_S, self.close)

    def join(self, far: asyncio.DatagramTransport, back: Callable[[bytes], None]) -> None:
        """
        The far end is there: what waited for it goes out.
        """
        self._far, self._back = far, back
        for data in self._early:
            far.sendto(data)
        self._early.clear()

    def reshape(self, up: tuple[Toxic, ...], down: tuple[Toxic, ...]) -> None:
        """
        Has other things done to what comes from now on.
        """
        self._up, self._down = up, down

    def up(self, data: bytes) -> None:
        """
        A packet from the client.
        """
        self._idle.cancel()
        self._idle = self._loop.call_later(_IDLE_S, self.close)
        self._pass(data, self._up, self._onwards)

    def down(self, data: bytes) -> None:
        """
        A packet for the client.
        """
        self._pass(data, self._down, self._back)

    def close(self) -> None:
        """
        Drops what is under way, and forgets the client.
        """
        self._idle.cancel()
        for handle in self._late:
            handle.cancel()
        self._late.clear()
        self._back = _nowhere
        if self._far is not None:
            self._far.close()
        self._over()

    def _onwards(self, data: bytes) -> None:
        if self._far is None:
            self._early.append(data)
        else:
            self._far.sendto(data)

    def _pass(self, data: bytes, toxics: tuple[Toxic, ...], send: Callable[[bytes], None]) -> None:
        if self._is_down():
            return
        now_s, copies = self._loop.time(), 1
        for toxic in toxics:
            data, copies = toxic.altered(data), toxic.copies(copies)
        for _ in range(copies):
            due_s = now_s
            for toxic in toxics:
                due_s = toxic.due_s(due_s, len(data), False)
            if due_s <= now_s:
                send(data)
            else:
                self._later(due_s, send, data)

    def _later(self, due_s: float, send: Callable[[bytes], None], data: bytes) -> None:
        def arrive() -> None:
            self._late.discard(handle)
            if not self._is_down():
                send(data)

        handle = self._loop.call_at(due_s, arrive)
        self._late.add(handle)


class _Receiver(asyncio.DatagramProtocol):
    """
    Hands on every packet; who is not there is no error for UDP.
    """

    def __init__(self, take: Callable[[bytes, Address], None]) -> None:
        self._take = take

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        self._take(data, cast(Address, addr[:2]))

    def error_received(self, exc: Exception) -> None:
        return


def _nowhere(_: bytes) -> None:
    """
    Where packets go whose client is gone.
    """
