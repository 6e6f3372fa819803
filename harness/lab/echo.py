"""
Who sends back what comes, as RFC 862 has it: at the far end of a link, so that its round trip can be measured.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any, cast

from ..netlink.unchecked import unchecked


class TcpEcho(asyncio.Protocol):
    """
    Echoes a connection.
    """

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._transport.write(data)


class UdpEcho(asyncio.DatagramProtocol):
    """
    Echoes packets.
    """

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        self._transport.sendto(data, addr)

    def error_received(self, exc: Exception) -> None:
        return  # whoever asked is gone


async def udp_echo(end: socket.socket) -> asyncio.DatagramTransport:
    """
    Echoes on a bound socket, until the transport is closed. What comes damaged goes back, and what is damaged on its
    way back arrives.
    """
    unchecked(end)
    end.setblocking(False)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(UdpEcho, sock=end)
    return transport
