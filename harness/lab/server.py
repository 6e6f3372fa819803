"""
The lab's side of the socket: who is connected, and what each may ask.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import anyio
from anyio.abc import ByteStream
from anyio.streams.buffered import BufferedByteReceiveStream

from ..clock import now_ns
from ..errors import BenchError
from ..model.link import LinkShape
from ..model.rig import RigSpec
from ..sim.sim_bus import SimBus
from ..sim.world import World
from . import smbus
from .messages import LINE_LIMIT, Answer, Malformed, Request, digest
from .ownership import Client, LineBusy, Lines
from .played_board import PlayedBoard
from .played_link import PlayedLink
from .program_unit import ProgramUnit


class Server:
    """
    Answers the clients of one world.
    """

    def __init__(
        self,
        rig: RigSpec,
        world: World,
        units: Mapping[str, ProgramUnit],
        boards: Mapping[str, PlayedBoard] = MappingProxyType({}),
        links: Mapping[str, PlayedLink] = MappingProxyType({}),
    ) -> None:
        self._links = links
        self._rig, self._world, self._units, self._boards = rig, world, units, boards
        self._lines = Lines(world)
        self._buses: dict[int, SimBus] = {}
        self._clients: set[Client] = set()
        self._changed = anyio.Event()
        self.stopped = anyio.Event()
        self._verbs: dict[str, Callable[..., Any]] = {
            "hello": self._hello,
            "drive": self._drive,
            "release": self._release,
            "level": self._level,
            "i2c": self._i2c,
            "address": self._address,
            "port": self._port,
            "input": self._input,
            "state": self._state,
            "link": self._link,
            "shape": self._shape,
            "carrier": self._carrier,
            "stop": self._stop,
        }

    async def converse(self, stream: ByteStream) -> None:
        """
        Answers one client until it hangs up or dies; its lines are let go of then.
        """
        client = Client()
        self._clients.add(client)
        self._tell_change()
        try:
            async with stream:
                received = BufferedByteReceiveStream(stream)
                while True:
                    line = await received.receive_until(b"\n", LINE_LIMIT)
                    await stream.send((await self._answer(client, line)).line())
        except (anyio.EndOfStream, anyio.IncompleteRead, anyio.DelimiterNotFound, anyio.BrokenResourceError):
            return  # it is gone, or talks something else
        finally:
            self._lines.let_go(client)
            self._clients.remove(client)
            self._tell_change()

    async def until_idle(self, idle_s: float) -> None:
        """
        Waits until there has been no client for `idle_s`.
        """
        while True:
            with anyio.move_on_after(None if self._clients else idle_s) as quiet:
                await self._changed.wait()
            if quiet.cancelled_caught:
                return

    async def _answer(self, client: Client, line: bytes) -> Answer:
        try:
            request = Request.read(line)
        except Malformed as error:
            return Answer(0, error=str(error))
        verb = self._verbs.get(request.do)
        if verb is None:
            return Answer(request.id, error=f"no '{request.do}'; known: {', '.join(self._verbs)}")
        try:
            value = verb(client, **request.args)
            return Answer(request.id, await value if inspect.isawaitable(value) else value)
        except OSError as error:
            return Answer(request.id, error=error.strerror or str(error), errno=error.errno)
        except (BenchError, LineBusy, LookupError, TypeError, ValueError, OverflowError) as error:
            # What a client got wrong must not end the world for the others.
            return Answer(request.id, error=f"{request.do}: {error}")

    def _hello(self, client: Client, name: str, pid: int) -> dict[str, Any]:
        client.name, client.pid = name, pid
        assert self._rig.world is not None
        return {"pid": os.getpid(), "world": digest(self._rig.world)}

    def _drive(self, client: Client, pin: int, level: int) -> None:
        self._lines.drive(client, pin, level)

    def _release(self, client: Client, pin: int) -> None:
        self._lines.release(client, pin)

    def _level(self, _: Client, pin: int, pull: int = 0) -> int:
        return self._lines.level(pin, pull)

    def _i2c(self, _: Client, bus: int, call: str, args: list[Any]) -> Any:
        return smbus.perform(self._buses.setdefault(bus, SimBus(self._world, bus)), call, args)

    def _address(self, _: Client, unit: str) -> list[Any]:
        return list(self._units[unit].address)

    def _port(self, _: Client, board: str) -> str:
        if board in self._units and (console := self._units[board].console) is not None:
            return str(console.path)
        return self._boards[board].path

    def _input(self, _: Client, board: str, pin: int, level: int) -> None:
        self._boards[board].set_level(pin, level)

    def _state(self, _: Client) -> dict[str, Any]:
        """
        Everything that can be observed: lines with their commanded levels, rails, units, boards, links.
        """
        at_ns = now_ns()
        rails = {
            name: {"dut": rail.spec.dut, "voltage_v": rail.voltage_v(at_ns), "current_a": rail.current_a(at_ns)}
            for name, rail in self._world.rails.items()
        }
        units = {name: unit.seen() for name, unit in self._units.items()}
        boards = {name: board.seen() for name, board in self._boards.items()}
        links = {name: link.seen() for name, link in self._links.items()}
        seen = {"rails": rails, "units": units, "boards": boards, "links": links}
        return {"at_ns": at_ns, "lines": self._lines.state(), **seen}

    def _link(self, _: Client, link: str) -> dict[str, Any]:
        found = self._links[link]
        seen = {"probe": found.probe, "interface": found.interface, "netns": found.netns}
        return {**seen, "address": list(found.address)}

    async def _shape(self, _: Client, link: str, shape: dict[str, Any]) -> None:
        await self._links[link].shape(LinkShape(**shape))

    async def _carrier(self, _: Client, link: str) -> bool | None:
        return await self._links[link].carrier()

    def _stop(self, _: Client) -> None:
        self.stopped.set()

    def _tell_change(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()
