"""
A link of the lab: what can be asked of it, and the one that is a relay on the machine's loopback.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from ..forwarder.forwarder import Forwarder
from ..model.link import CLEAR, LinkShape
from .echo import TcpEcho
from .port import HOST, HeldPort

Address = tuple[str, int]


class PlayedLink:
    """
    A link between two units. Opened before anybody uses it, and closed after; it can be shaped in between.
    """

    interface = ""
    """What it is called where the unit is; empty for one that is no interface."""

    netns = ""
    """Where that is, as a path that the bench can open."""

    def __init__(self, name: str, address: Address) -> None:
        self.name, self.address = name, address
        self._asked, self._is_cut = CLEAR, False
        self._cutting: set[asyncio.Task[None]] = set()

    @property
    def shape_now(self) -> LinkShape:
        """
        What is done to it: what was asked, and, with its cable cut, nothing passes.
        """
        return replace(self._asked, is_down=True, refuses=False) if self._is_cut else self._asked

    @property
    def probe(self) -> str:
        """
        Where the bench is echoed across this link, like `echo 127.0.0.1:7007`.
        """
        raise NotImplementedError

    async def open(self) -> None:
        """
        Makes it. Raises OSError, BenchError.
        """

    async def shape(self, shape: LinkShape) -> None:
        """
        Makes it like that. Raises BenchError.
        """
        self._asked = shape
        await self._settle()

    def cut(self, is_cut: bool) -> None:
        """
        Its cable is cut, or whole again, whatever else is done to it.
        """
        self._is_cut = is_cut
        task = asyncio.get_running_loop().create_task(self._settle())
        self._cutting.add(task)
        task.add_done_callback(self._cutting.discard)

    async def _settle(self) -> None:
        """
        Makes it as it shall be.
        """
        raise NotImplementedError

    async def carrier(self) -> bool | None:
        """
        Whether the unit sees a carrier; None for a link that has none.
        """
        return None

    async def aclose(self) -> None:
        """
        Takes it away.
        """

    def seen(self) -> dict[str, Any]:
        """
        What can be seen of it.
        """
        return {"address": list(self.address), "probe": self.probe, "asked": list(self.shape_now.asks)}


class RelayLink(PlayedLink):
    """
    A forwarder to the other end's port, and beside it one to an echo, which are shaped alike.
    """

    def __init__(self, name: str, to: Address) -> None:
        self._ports = HeldPort(), HeldPort()
        super().__init__(name, (HOST, self._ports[0].number))
        self._to = to
        self._ways: list[Forwarder] = []
        self._echo: asyncio.Server | None = None

    @property
    def probe(self) -> str:
        return f"echo {HOST}:{self._ports[1].number}"

    async def open(self) -> None:
        self._echo = await asyncio.get_running_loop().create_server(TcpEcho, HOST, 0)
        far = self._echo.sockets[0].getsockname()
        ends = zip(self._ports, (self._to, far), strict=True)
        self._ways = [Forwarder.to(HOST, port.number, *there) for port, there in ends]
        for way in self._ways:
            way.open()

    async def _settle(self) -> None:
        for way in self._ways:
            way.shape(self.shape_now)

    async def aclose(self) -> None:
        for way in self._ways:
            await way.aclose()
        if self._echo is not None:
            self._echo.close()
        for port in self._ports:
            port.close()

    def seen(self) -> dict[str, Any]:
        carried = self._ways[0].connections if self._ways else 0
        return {**super().seen(), "kind": "relay", "connections": carried}
