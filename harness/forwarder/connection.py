"""
A forwarded TCP connection: two ends, and what passes between them.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import cast

from .pipe import Pipe
from .shaping import Make
from .toxic import Fate
from .turns import Speaks

# l_onoff, l_linger: closing sends a reset instead of an end.
_AT_ONCE = struct.pack("ii", 1, 0)


def reset(end: socket.socket) -> None:
    """
    Closes a socket by a reset.
    """
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    end.close()


class Deaf(asyncio.Protocol):
    """
    The end of a connection that was lost at its start: it takes in everything, and answers nothing.
    """

    def __init__(self, over: Callable[[Deaf], None]) -> None:
        self._over = over

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._over(self)


class End(asyncio.Protocol):
    """
    One end of a connection. What it receives goes out at the `other` one, by its pipe; or straight, while that is idle.
    """

    other: End
    transport: asyncio.Transport

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._write: Callable[[bytes], None] | None = None
        self._holds = 0
        self.is_over = False
        self.pipe = Pipe(self._deliver, connection.strike, self._crowded, connection.choose)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.hold()  # until the other end is there

    def data_received(self, data: bytes) -> None:
        self.other.pipe.turn()
        self.pipe.take(data)

    def eof_received(self) -> bool:
        if self._connection.is_silent:
            return self._connection.far is self  # who waits is told nothing; who gave up is let go of
        self.pipe.end()
        return True

    def pause_writing(self) -> None:
        self.other.hold()

    def resume_writing(self) -> None:
        self.other.let_go()

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_over = True
        self._connection.end_lost(self, exc)

    def hold(self) -> None:
        """
        Takes in no more for now. Each hold needs a `let_go` of its own.
        """
        self._holds += 1
        if self._holds == 1 and not self.is_over:
            self.transport.pause_reading()

    def let_go(self) -> None:
        """
        Takes in more, unless somebody else holds it.
        """
        self._holds -= 1
        if self._holds == 0 and not self.is_over:
            self.transport.resume_reading()

    def choose(self) -> None:
        """
        Takes the short way while nothing is done in either direction: the loop then hands what it receives to the other
        transport, with nothing of ours in between. A relay spends its life there.
        """
        if self._connection.is_silent:
            self._receive(_drop)
        elif self.pipe.is_idle and self.other.pipe.is_idle:
            self._receive(self.other.transport.write)
        else:
            vars(self).pop("data_received", None)

    def _receive(self, take: Callable[[bytes], None]) -> None:
        self.data_received = take  # type: ignore[assignment, method-assign]

    def _deliver(self, data: bytes | None) -> None:
        transport = self.other.transport
        if data is not None:
            transport.write(data)
        elif not transport.is_closing():
            try:
                transport.write_eof()
            except OSError:
                self._connection.reset()  # whoever should hear of the end has gone without waiting for it
            else:
                self._connection.ended()

    def _crowded(self, is_full: bool) -> None:
        if is_full:
            self.hold()
        else:
            self.let_go()


class Connection:
    """
    The `near` end is whoever connected, the `far` one whom it asked for. `over` is told when both are gone.
    """

    def __init__(self, over: Callable[[Connection], None]) -> None:
        self.is_silent = False
        self.near, self.far = End(self), End(self)
        self.near.other, self.far.other = self.far, self.near
        for end in (self.near, self.far):
            end.pipe.freeze(True)  # some versions of asyncio read on, however early they are told to pause
        self._over = over
        self._left, self._ends = 2, 0
        self._has_started = self._is_frozen = False

    async def start(self, near: socket.socket, far: socket.socket) -> None:
        """
        Takes over two connected sockets, and lets the two talk. Raises OSError.
        """
        loop = asyncio.get_running_loop()
        try:
            await loop.connect_accepted_socket(lambda: self.near, near)
            await loop.connect_accepted_socket(lambda: self.far, far)
        except BaseException:
            near.close()
            far.close()
            raise
        self._has_started = True
        if self._left < 2:
            self.reset()  # one of them went while the other one was being called
            return
        for end in (self.near, self.far):
            end.pipe.freeze(False)
            end.let_go()
        self.choose()

    def reshape(self, up: Make | None, down: Make | None, *, is_new: bool = False, speaks: Speaks = "") -> None:
        """
        Has other things done to it: `up` on the way to the far end, `down` on the way back. The far end `speaks` so.
        """
        self.near.pipe.reshape(up, is_new=is_new)
        self.far.pipe.reshape(down, is_new=is_new, speaks=speaks)
        self.choose()

    def freeze(self, is_frozen: bool) -> None:
        """
        Lets nothing pass, in silence; or everything, with what was held.
        """
        if is_frozen is self._is_frozen or self.is_silent:
            return
        self._is_frozen = is_frozen
        for end in (self.near, self.far):
            end.pipe.freeze(is_frozen)
            if is_frozen:
                end.hold()
            else:
                end.let_go()
        self.choose()

    def strike(self, fate: Fate) -> None:
        """
        Has it meet its fate.
        """
        if fate is Fate.RESET:
            self.reset()
        elif fate is Fate.SILENT:
            self.is_silent = True
            self.near.pipe.close()
            self.far.pipe.close()
            self.choose()

    def reset(self) -> None:
        """
        Resets both ends.
        """
        for end in (self.near, self.far):
            end.pipe.close()
            # One that is closing may still have something to say, to somebody who does not listen.
            if self._has_started and not end.is_over:
                plug = end.transport.get_extra_info("socket")
                plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
                end.transport.abort()

    def ended(self) -> None:
        """
        One direction came to its end; after both of them nothing is left to carry.
        """
        self._ends += 1
        if self._ends == 2:
            self.near.transport.close()
            self.far.transport.close()

    def end_lost(self, end: End, error: Exception | None) -> None:
        """
        One end is gone: the other one goes with it, by a reset if that was how; not who waits for an answer in vain.
        """
        self._left -= 1
        if not self._left:
            self.near.pipe.close()
            self.far.pipe.close()
            self._over(self)
        elif not self._has_started or (self.is_silent and end is self.far):
            return
        elif error is not None or self.is_silent:
            self.reset()
        else:
            end.other.transport.close()

    def choose(self) -> None:
        """
        Has both ends take the short way, where that is free.
        """
        if self._has_started:
            self.near.choose()
            self.far.choose()


def _drop(_: bytes) -> None:
    """
    Takes a piece, and lets it fall.
    """
