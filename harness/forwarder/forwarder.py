"""
The forwarder for TCP: it listens, connects onwards, and does to what passes what it is told to.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from typing import Self

from ..model.link import CLEAR, LinkShape
from .connection import Connection, Deaf, reset
from .shaping import Shaping, made
from .toxic import Fate, Toxic

# As many as may be waiting to be taken; a link that is down in silence takes none, and the next ones wait for ever.
_BACKLOG = 128

Address = tuple[str, int]
Dial = Callable[[], Awaitable[socket.socket]]
Serve = Callable[[Address], socket.socket]


def served(address: Address) -> socket.socket:
    """
    A socket that listens on an address. Raises OSError when it cannot be had.
    """
    return socket.create_server(address, backlog=_BACKLOG)


class Forwarder:
    """
    Listens on one address, and carries whoever connects to another one. `shape` it at any time: it takes effect at
    once, on every connection. Must be used in a running asyncio loop, and closed.

    `dial()` connects to the far end, and raises OSError when that cannot be reached; then whoever asked is reset, since
    a relay has taken the call before it knows. `serve(address)` is where it listens.
    """

    def __init__(self, host: str, port: int, dial: Dial, serve: Serve = served) -> None:
        self._address, self._dial, self._serve = (host, port), dial, serve
        self._loop = asyncio.get_running_loop()
        self._listening: socket.socket | None = None
        self._live: dict[Connection, None] = {}
        self._deaf: set[Deaf] = set()
        self._joining: set[asyncio.Task[None]] = set()
        self._down, self._up = Shaping(CLEAR), Shaping(CLEAR)

    @classmethod
    def to(cls, host: str, port: int, far_host: str, far_port: int) -> Self:
        """
        A forwarder from one address to another.
        """
        return cls(host, port, lambda: dialled(far_host, far_port))

    @property
    def port(self) -> int:
        """
        The port on which it listens, or did when it was not down.
        """
        return self._address[1]

    @property
    def connections(self) -> int:
        """
        How many connections it carries.
        """
        return len(self._live)

    def open(self) -> None:
        """
        Listens. Raises OSError when the address cannot be had.
        """
        if self._listening is not None:
            return
        self._listening = self._serve(self._address)
        self._listening.setblocking(False)
        self._address = self._listening.getsockname()[:2]
        self._loop.add_reader(self._listening, self._accept)

    def shape(self, down: LinkShape, up: LinkShape = CLEAR) -> None:
        """
        Has other things done from now on: `down` on the way to whoever connected, `up` on the way from there. Either
        may say that the link is down.
        """
        self._down, self._up = Shaping(down), Shaping(up)
        self._listen(*self._is_down)
        for connection in list(self._live):
            self._apply(connection)

    def hang_up(self) -> None:
        """
        Takes no more calls, and resets those that it carries: until `open`.
        """
        self._unlisten()
        for task in list(self._joining):
            task.cancel()
        for connection in list(self._live):
            connection.reset()
        for deaf in list(self._deaf):
            deaf.transport.abort()

    async def aclose(self) -> None:
        """
        Hangs up, and waits until nothing is left of it.
        """
        self.hang_up()
        while self._live or self._deaf or self._joining:
            await asyncio.gather(*self._joining, return_exceptions=True)
            await _turn(self._loop)

    def _listen(self, is_down: bool, refuses: bool) -> None:
        """
        Whom nobody answers hears nothing for as long as the backlog is full, or an end that is open and silent.
        """
        if is_down and refuses:
            self._unlisten()
            return
        self.open()
        assert self._listening is not None
        self._loop.remove_reader(self._listening)
        if not is_down:
            self._loop.add_reader(self._listening, self._accept)

    def _unlisten(self) -> None:
        if self._listening is not None:
            self._loop.remove_reader(self._listening)
            self._listening.close()
            self._listening = None

    def _accept(self) -> None:
        if self._listening is None:
            return
        with contextlib.suppress(BlockingIOError, ConnectionError):
            near, _ = self._listening.accept()
            near.setblocking(False)
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            task = self._loop.create_task(self._join(near))
            self._joining.add(task)
            task.add_done_callback(self._joining.discard)

    async def _join(self, near: socket.socket) -> None:
        up, down = made(self._up.next("new")), made(self._down.next("new"))
        fates = {toxic.fate() for toxic in (*up, *down)}
        if Fate.RESET in fates:
            reset(near)
        elif Fate.SILENT in fates:
            deaf = Deaf(self._deaf.discard)
            self._deaf.add(deaf)
            await self._loop.connect_accepted_socket(lambda: deaf, near)
        else:
            await self._carry(near, up, down)

    async def _carry(self, near: socket.socket, up: tuple[Toxic, ...], down: tuple[Toxic, ...]) -> None:
        shaping = self._down
        try:
            far = await self._dial()
        except OSError:
            reset(near)
            return
        except BaseException:
            near.close()
            raise
        connection = Connection(self._gone)
        connection.reshape(
            (lambda: up) if up else None,
            (lambda: down) if down else None,
            is_new=True,
            speaks=shaping.shape.speaks,
        )
        await connection.start(near, far)
        self._live[connection] = None
        if shaping is not self._down:  # while it was being made
            self._apply(connection)

    def _apply(self, connection: Connection) -> None:
        """
        Has done to a connection what is done to all of them.
        """
        is_down, refuses = self._is_down
        if is_down and refuses:
            connection.reset()
        else:
            connection.freeze(is_down)
            connection.reshape(self._up.next("live"), self._down.next("live"), speaks=self._down.shape.speaks)

    @property
    def _is_down(self) -> tuple[bool, bool]:
        """
        Whether it is down, and whether it says so.
        """
        down, up = self._down.shape, self._up.shape
        return down.is_down or up.is_down, down.refuses or up.refuses

    def _gone(self, connection: Connection) -> None:
        self._live.pop(connection, None)


async def dialled(host: str, port: int, end: socket.socket | None = None) -> socket.socket:
    """
    A socket that is connected to an address. Raises OSError.
    """
    end = end or socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        end.setblocking(False)
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(end, (host, port))
    except BaseException:
        end.close()
        raise
    return end


async def _turn(loop: asyncio.AbstractEventLoop) -> None:
    """
    One turn of the loop, in which closed transports say goodbye.
    """
    turned = loop.create_future()
    loop.call_soon(turned.set_result, None)
    await turned
