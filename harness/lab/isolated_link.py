"""
A link of the lab that is a cable: a pair of veth between the network namespaces of two units.
"""

from __future__ import annotations

import asyncio
import os
import socket
from functools import partial
from typing import Any

import anyio
import anyio.to_thread

from ..forwarder.datagrams import Datagrams
from ..netlink.interface import addressed, joined
from ..netlink.unchecked import unchecked
from ..netlink.veth import Wire
from .echo import udp_echo
from .home import IsolatedHome
from .played_link import PlayedLink
from .port import HOST, HeldPort

# RFC 862; in the namespaces it is ours.
_ECHO_PORT = 7


class IsolatedLink(PlayedLink):
    """
    The cable number `number` of a lab, from one unit's home to another's, where a service listens on `port`.

    The bench is echoed across it by packets: it sends them to a port of the machine, and from there they go out of the
    unit's namespace, over the cable and back.
    """

    def __init__(self, name: str, number: int, near: IsolatedHome, far: IsolatedHome, port: int) -> None:
        # Namespaces know nothing of each other's addresses, nor of the machine's.
        self._here, self._there = f"10.213.{number}.1", f"10.213.{number}.2"
        super().__init__(name, (self._there, port))
        self.interface = name
        self.netns = f"/proc/{os.getpid()}/fd/{near.namespace.number}"
        self._near, self._far = near, far
        self._port = HeldPort(socket.SOCK_DGRAM)
        self._wire = Wire(name, near.namespace.call, far.namespace.call, near.namespace.call)
        self._front = Datagrams(HOST, self._port.number, self._plug)
        self._turn = anyio.Lock()
        self._echo: asyncio.DatagramTransport | None = None

    @property
    def probe(self) -> str:
        return f"udp-echo {HOST}:{self._port.number}"

    async def open(self) -> None:
        await anyio.to_thread.run_sync(self._lay)
        end = await self._far.plug(socket.SOCK_DGRAM)
        end.bind((self._there, _ECHO_PORT))
        self._echo = await udp_echo(end)
        self._port.close()
        await self._front.open()

    async def _settle(self) -> None:
        # One after the other, or a bounce of its contacts could come last.
        async with self._turn:
            await anyio.to_thread.run_sync(self._wire.shape, self.shape_now)

    async def carrier(self) -> bool | None:
        return await anyio.to_thread.run_sync(self._wire.carrier)

    async def aclose(self) -> None:
        await self._front.aclose()
        if self._echo is not None:
            self._echo.close()
        self._port.close()

    def seen(self) -> dict[str, Any]:
        return {**super().seen(), "kind": "netns", "interface": self.interface}

    def _lay(self) -> None:
        peer = self._far.namespace.number
        self._near.namespace.call(partial(joined, self.name, f"{self._here}/30", peer))
        self._far.namespace.call(partial(addressed, self.name, f"{self._there}/30"))

    async def _plug(self) -> socket.socket:
        end = await self._near.plug(socket.SOCK_DGRAM)
        unchecked(end)
        end.setblocking(False)
        end.connect((self._there, _ECHO_PORT))
        return end
