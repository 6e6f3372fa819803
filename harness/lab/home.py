"""
Where a unit's program runs: on the machine itself, or in a network namespace of its own.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from functools import partial

import anyio
import anyio.to_thread

from ..forwarder.forwarder import Forwarder, dialled, served
from ..netlink.namespaces import Namespace
from .port import HOST


class Home:
    """
    The machine itself: whoever knows the unit's port can reach it.
    """

    host = HOST
    """Where the unit's program has to listen."""

    leash: tuple[str, ...] = ()
    """What the leash needs to know of it."""

    fds: tuple[int, ...] = ()
    """The descriptors that the leash needs for that."""

    async def knock(self, port: int) -> None:
        """
        Connects to the unit, and hangs up. Raises OSError.
        """
        stream = await anyio.connect_tcp(self.host, port)
        await stream.aclose()

    def let_out(self, port: int) -> None:
        """
        The unit may reach that port of the machine, as 127.0.0.1. Raises OSError.
        """

    def open_door(self, port: int) -> None:
        """
        The unit listens.
        """

    def close_door(self) -> None:
        """
        The unit does not listen any more.
        """

    async def aclose(self) -> None:
        """
        Nobody lives here any more.
        """


class IsolatedHome(Home):
    """
    A network namespace, out of which only links lead. The bench comes in by a door: the unit's port on the machine,
    which is there as long as the unit listens. The unit gets out by those doors that its program names.
    """

    host = "0.0.0.0"  # by whatever link somebody comes

    def __init__(self, namespace: Namespace) -> None:
        self.namespace = namespace
        self.leash = ("--netns", str(namespace.number))
        self.fds = (namespace.number,)
        self._door: Forwarder | None = None
        self._out: dict[int, Forwarder] = {}

    async def knock(self, port: int) -> None:
        end = await self._dial(port)
        end.close()

    def let_out(self, port: int) -> None:
        if port not in self._out:
            self._out[port] = Forwarder(HOST, port, partial(dialled, HOST, port), self._serve)
        self._out[port].open()

    def open_door(self, port: int) -> None:
        if self._door is None:
            self._door = Forwarder(HOST, port, partial(self._dial, port))
        self._door.open()

    def close_door(self) -> None:
        if self._door is not None:
            self._door.hang_up()

    async def aclose(self) -> None:
        for door in (self._door, *self._out.values()):
            if door is not None:
                await door.aclose()

    async def plug(self, kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
        """
        A socket of the namespace. Raises OSError.
        """
        return await anyio.to_thread.run_sync(self.namespace.call, partial(socket.socket, socket.AF_INET, kind))

    def _serve(self, address: tuple[str, int]) -> socket.socket:
        return self.namespace.call(partial(served, address))

    async def _dial(self, port: int) -> socket.socket:
        try:
            return await dialled(HOST, port, await self.plug())
        except ConnectionRefusedError:
            # It may live, and have stopped listening: so does its door.
            with suppress(OSError):
                self.close_door()
            raise
