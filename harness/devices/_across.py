"""
How the bench measures across a link: whom it calls, and what comes back.
"""

from __future__ import annotations

import socket
import struct
from typing import Any

import anyio
from anyio.abc import SocketAttribute, SocketStream

from ..clock import now_ns
from ..errors import UsageError
from ..model.instant import Span
from ..model.link import Burst, Came
from ..netlink.unchecked import unchecked
from ..protocols import HttpService, NoAnswer, PingTarget, TcpService, Wiring

_PING_BYTES = 56
_NUMBER = struct.Struct("!I")
_LEAST_BYTES = _NUMBER.size


class Across:
    """
    Whoever is behind a link: an `echo HOST:PORT` or `udp-echo HOST:PORT` (RFC 862), or a device of the rig, by its
    name, that is pinged, asked by HTTP, or connected to. With an empty `text` nobody is, and nothing can be measured.
    """

    def __init__(self, device: str, text: str, wiring: Wiring) -> None:
        self._device, self._wiring = device, wiring
        self._text = text
        self._kind, _, place = text.partition(" ")
        host, _, port = place.rpartition(":")
        if self._kind in ("echo", "udp-echo") and not (host and port.isdecimal()):
            raise UsageError(f"'{text}' is no echo; write it like udp-echo 192.168.1.1:7", key="across")
        self._place = (host, int(port)) if port.isdecimal() else ("", 0)

    @property
    def sees(self) -> frozenset[str]:
        """
        What can be measured: nothing, round `trips`, or `packets` too.
        """
        if not self._text:
            return frozenset()
        return frozenset({"trips", "packets"} if self._place[1] else {"trips"})

    async def round_trip(self) -> Span:
        """
        There and back. What the bench itself takes is in it. Raises NoAnswer, UsageError.
        """
        if self._kind == "echo":
            return await self._echoed()
        if self._kind == "udp-echo":
            burst = await self._packets(1, _LEAST_BYTES, None)
            (echo,) = burst.came
            if not echo.is_whole:
                raise NoAnswer("the echo was not what was sent")
            return Span(0, echo.at_ns - burst.sent_ns)
        return await self._asked(self._other())

    async def burst(self, count: int, size: int, within_s: float) -> Burst:
        """
        Packets and their echoes; over a stream each waits for the one before it. Raises NoAnswer, UsageError.
        """
        if size < _LEAST_BYTES:
            raise UsageError(f"a packet has its number in it: at least {_LEAST_BYTES} bytes")
        if self._kind == "echo":
            return await self._pieces(count, size, within_s)
        if self._kind == "udp-echo":
            return await self._packets(count, size, within_s)
        raise UsageError(f"'{self._device}' needs an echo to show that: across = \"udp-echo HOST:PORT\"", key="across")

    async def _asked(self, other: Any) -> Span:
        began_ns = now_ns()
        if isinstance(other, PingTarget):
            await other.ping(_PING_BYTES)
        elif isinstance(other, HttpService):
            await other.request("GET", "/")
        elif isinstance(other, TcpService):
            await other.connect()
        else:
            raise UsageError(f"'{self._text}' can neither be pinged, nor asked, nor connected to", key="across")
        return Span(0, now_ns() - began_ns)

    def _other(self) -> Any:
        if not self._text:
            raise UsageError(f"'{self._device}' does not say whom to ask across the link; add `across`", key="across")
        return self._wiring.device(self._text)

    async def _echoed(self) -> Span:
        async with await self._called() as stream:
            began_ns = now_ns()
            await _exchange(stream, _NUMBER.pack(0), whole=True)
            return Span(0, now_ns() - began_ns)

    async def _pieces(self, count: int, size: int, within_s: float) -> Burst:
        came: list[Came] = []
        began_ns = now_ns()
        with anyio.move_on_after(within_s):
            async with await self._called() as stream:
                began_ns = now_ns()
                for number in range(count):
                    is_whole = await _exchange(stream, _packet(number, size), whole=False)
                    came.append(Came(number, is_whole, now_ns()))
        return Burst(count, size, began_ns, tuple(came))

    async def _called(self) -> SocketStream:
        try:
            return await anyio.connect_tcp(*self._place)
        except OSError as error:
            raise NoAnswer(f"{self._text}: {error}") from error

    async def _packets(self, count: int, size: int, within_s: float | None) -> Burst:
        came: list[Came] = []
        host, port = self._place
        try:
            async with await anyio.create_connected_udp_socket(host, port, family=socket.AF_INET) as end:
                # A checksum would have a damaged packet dropped: lost, as far as anyone could see.
                unchecked(end.extra(SocketAttribute.raw_socket))
                began_ns = now_ns()
                for number in range(count):
                    await end.send(_packet(number, size))
                with anyio.move_on_after(within_s):
                    while within_s is not None or not came:
                        came.append(_came(await end.receive(), size))
                        if within_s is None:
                            break
        except (OSError, anyio.BrokenResourceError) as error:
            raise NoAnswer(f"{self._text}: {error.__cause__ or error}") from error
        return Burst(count, size, began_ns, tuple(came))


async def _exchange(stream: SocketStream, sent: bytes, *, whole: bool) -> bool:
    """
    Sends, and takes in as much; whether it is the same. Raises NoAnswer when the stream ends, or it is not and must.
    """
    got = b""
    try:
        await stream.send(sent)
        while len(got) < len(sent):
            got += await stream.receive(len(sent) - len(got))
    except (anyio.EndOfStream, anyio.BrokenResourceError) as error:
        raise NoAnswer(f"the connection was lost: {error.__cause__ or type(error).__name__}") from error
    if whole and got != sent:
        raise NoAnswer("the echo was not what was sent")
    return got == sent


def _packet(number: int, size: int) -> bytes:
    return _NUMBER.pack(number).ljust(size, b"\x5a")


def _came(data: bytes, size: int) -> Came:
    """
    An echo; one whose number was damaged is taken for the first.
    """
    number = _NUMBER.unpack(data[:_LEAST_BYTES].ljust(_LEAST_BYTES, b"\0"))[0]
    return Came(number, data == _packet(number, size), now_ns())
