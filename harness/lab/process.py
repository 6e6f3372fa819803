"""
The lab's process: it plays a rig's world until it is told to end, and leaves nothing behind.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, AsyncExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import NamedTuple

import anyio
from anyio.abc import SocketStream, TaskGroup, TaskStatus

from ..clock import NS_PER_S, now_ns
from ..errors import BenchError, UsageError
from ..model.rig import RigSpec
from ..model.world import WorldSpec
from ..sim.world import World
from . import cabling, place, program
from .caretaker import hired
from .claim import claimed
from .gauge_port import GaugePort
from .home import Home
from .played_board import PlayedBoard
from .played_console import PlayedConsole
from .played_link import PlayedLink
from .program_unit import ProgramUnit
from .server import Server

# What happened longer ago than any meter averages over (an INA226's longest conversion takes 17 s) is dropped.
_REMEMBERED_S = 60
# Other users may go through to what is theirs, and see nothing on their way.
_PASSABLE = 0o711
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def serve(
    rig: RigSpec, *, idle_s: float | None, task_status: TaskStatus[Path] = anyio.TASK_STATUS_IGNORED
) -> None:
    """
    Plays the rig's world until SIGINT, SIGTERM, a client's `stop`, or `idle_s` seconds without any client.

    Says where it listens through `task_status`. Raises Refused when the rig's lab is running already, UsageError when
    the rig has no world or its world cannot be played, BenchError.
    """
    if rig.world is None:
        raise UsageError("missing; a lab needs a world to play", file=str(rig.path), key="world")
    cabling.check(rig, rig.world)
    program.check(rig, rig.world.units)
    socket = place.address(rig)
    with claimed(socket):
        # Before we may become the root of a user namespace: whoever asks for our folder is not in there.
        with _scratch(socket) as folder, _cared_for(socket, rig.world, folder), cabling.homes(rig.world) as homes:
            seed = secrets.randbits(32)
            gauges = _gauges(rig.world, socket)
            units = {name: _unit(rig, name, folder, seed, gauges, homes[name]) for name in rig.world.units}
            links = cabling.links(rig.world, units)
            cabling.tell_facts(rig, units, links)
            world = World(rig.world, seed, units)
            for name, cable in world.cables.items():
                cable.told = links[name].cut
            boards = {name: PlayedBoard(name, spec, world) for name, spec in rig.world.boards.items()}
            server = Server(rig, world, units, boards, links)
            try:
                await _play(server, _Played(world, units, boards, links), socket, idle_s, task_status)
            finally:
                world.close()
                for path in (socket, *gauges.values()):
                    path.unlink(missing_ok=True)
        # Only after a good end: when it failed, what it said is still wanted.
        place.log(socket).unlink(missing_ok=True)


class _Played(NamedTuple):
    """
    Everything that a lab plays.
    """

    world: World
    units: Mapping[str, ProgramUnit]
    boards: Mapping[str, PlayedBoard]
    links: Mapping[str, PlayedLink]

    def without_a_rail(self) -> list[ProgramUnit]:
        """
        The units that nobody can cut the power of: they are on from the start.
        """
        fed = {rail.dut for rail in self.world.spec.rails.values()}
        return [unit for name, unit in self.units.items() if name not in fed]


async def _play(
    server: Server, played: _Played, socket: Path, idle_s: float | None, task_status: TaskStatus[Path]
) -> None:
    async with AsyncExitStack() as stack:
        # Boards first: a client finds them running, and a unit its gauge.
        for board in played.boards.values():
            await stack.enter_async_context(board.powered())
        tasks = await stack.enter_async_context(anyio.create_task_group())
        for board in played.boards.values():
            await tasks.start(board.play)
        for link in played.links.values():
            stack.push_async_callback(link.aclose)
            await link.open()
        for unit in played.without_a_rail():
            unit.powered(now_ns())
        for unit in played.units.values():
            if unit.gauge is not None:
                await _listen(tasks, unit.gauge, GaugePort(played.boards[unit.spec.gauge]).converse)
            tasks.start_soon(unit.play)
        await _listen(tasks, socket, server.converse)
        tasks.start_soon(_forget, played.world, played.units)
        task_status.started(socket)
        await _until_told(server, idle_s)
        tasks.cancel_scope.cancel()


async def _listen(tasks: TaskGroup, path: Path, converse: Callable[[SocketStream], Awaitable[None]]) -> None:
    listener = await anyio.create_unix_listener(path, mode=0o600)

    async def serve_and_close() -> None:
        async with listener:
            await listener.serve(converse)

    tasks.start_soon(serve_and_close)


async def _until_told(server: Server, idle_s: float | None) -> None:
    async with anyio.create_task_group() as tasks:

        async def signalled() -> None:
            with anyio.open_signal_receiver(*_SIGNALS) as signals:
                async for _ in signals:
                    tasks.cancel_scope.cancel()

        async def idle(limit_s: float) -> None:
            await server.until_idle(limit_s)
            tasks.cancel_scope.cancel()

        tasks.start_soon(signalled)
        if idle_s is not None:
            tasks.start_soon(idle, idle_s)
        await server.stopped.wait()
        tasks.cancel_scope.cancel()


async def _forget(world: World, units: Mapping[str, ProgramUnit]) -> None:
    while True:
        await anyio.sleep(_REMEMBERED_S)
        before_ns = now_ns() - _REMEMBERED_S * NS_PER_S
        world.forget(before_ns)
        for unit in units.values():
            unit.forget(before_ns)


def _cared_for(socket: Path, world: WorldSpec, folder: Path) -> AbstractContextManager[None]:
    return hired(place.lock(socket), folder, [socket, place.log(socket), *_gauges(world, socket).values()])


def _gauges(world: WorldSpec, socket: Path) -> dict[str, Path]:
    """
    The socket of each unit's gauge, cleared of what a killed lab left.
    """
    with_gauge = [name for name, unit in world.units.items() if unit.gauge]
    gauges = {name: place.gauge(socket, number) for number, name in enumerate(with_gauge)}
    for path in gauges.values():
        path.unlink(missing_ok=True)
    return gauges


def _unit(rig: RigSpec, name: str, scratch: Path, seed: int, gauges: Mapping[str, Path], home: Home) -> ProgramUnit:
    assert rig.world is not None
    spec = rig.world.units[name]
    folder = scratch / name
    folder.mkdir(_PASSABLE)
    _keep_secret(folder / "secret")
    rng = Random(f"{seed} unit {name}")
    console = None if spec.console == "none" else PlayedConsole(scratch / f"{name}.tty", spec.console)
    return ProgramUnit(name, spec, program.argv(rig, name, spec), folder, rng, gauges.get(name), home, console)


def _keep_secret(path: Path) -> None:
    """
    A key for a program that signs, or takes what is signed: nobody else may read it.
    """
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(32))


@contextmanager
def _scratch(socket: Path) -> Iterator[Path]:
    folder = place.scratch(socket)
    shutil.rmtree(folder, ignore_errors=True)  # a killed lab's
    try:
        folder.mkdir(_PASSABLE)
    except OSError as error:
        raise BenchError(f"{folder} cannot be made for the lab's units: {error.strerror}") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
