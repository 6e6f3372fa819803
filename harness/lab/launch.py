"""
Finding a rig's lab, or starting it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread

from ..clock import NS_PER_S, now_ns
from ..errors import BenchError, DeviceError, Exit, UsageError, nearest
from ..model.link import LinkShape
from ..model.rig import RigSpec
from . import place
from .claim import is_held_by
from .lab_client import LabClient, NotListening
from .messages import digest

_START_LIMIT_S = 15.0
_STOP_LIMIT_S = 30.0
_LOOK_EVERY_S = 0.01

# The labs that we started and let go of while they ran: each is a zombie from its end until we have noticed that.
_left: set[int] = set()


class Lab:
    """
    A running lab, held by a connection: it does not become idle while this is open.
    """

    def __init__(self, socket: Path, client: LabClient, child: int | None) -> None:
        self.client = client
        self.pid = client.lab_pid
        self.started = child == self.pid
        """Whether it was started for us."""
        self._socket = socket
        self._child = child if self.started else None

    async def stop(self) -> None:
        """
        Ends the lab, whoever started it, and waits until nothing of it is left; one that is gone already is no error.

        Raises DeviceError when it does not end.
        """
        with contextlib.suppress(DeviceError):
            await anyio.to_thread.run_sync(self.client.stop)
        with anyio.move_on_after(_STOP_LIMIT_S) as limit:
            while self._runs():  # noqa: ASYNC110 - another process's end tells no one
                await anyio.sleep(_LOOK_EVERY_S)
        self.close()
        if limit.cancelled_caught:
            raise DeviceError("lab", f"pid {self.pid} was told to stop, and still runs after {_STOP_LIMIT_S:g} s")

    def close(self) -> None:
        """
        Lets go of the lab, which ends by itself some time after its last client.
        """
        self.client.close()
        if self._runs() and self._child is not None:
            _left.add(self._child)

    def _runs(self) -> bool:
        if self._child is None:
            return is_held_by(self._socket, self.pid)
        if _exit_code(self._child) is None:
            return True
        self._child = None
        return False


async def ensure(rig: RigSpec, *, idle_s: float = 60.0) -> Lab:
    """
    The rig's lab, started when none is running; then it ends by itself after `idle_s` without any client.

    Raises UsageError when its world cannot be played, BenchError when it does not start or plays an older world.
    """
    assert rig.world is not None
    _reap()
    socket = place.address(rig)
    child = None
    try:
        client = await _client(socket)
    except NotListening:
        client, child = await _started(rig, socket, idle_s)
    if client.world != digest(rig.world):
        client.close()
        problem = f"the lab that is running (pid {client.lab_pid}) plays another world than {rig.path} describes now"
        raise BenchError(f"{problem}; end it with `kill {client.lab_pid}`")
    return Lab(socket, client, child)


def resolve(rig: RigSpec, host: str, port: int) -> tuple[str, int]:
    """
    Where to connect for a unit's host and port, or for those of a link that leads to a unit. Raises UsageError for one
    that the rig's world has not, DeviceError when the lab is not running.
    """
    world = rig.world
    assert world is not None
    by = world.links.get(host)
    unit = host if by is None else by.to
    if unit not in world.units:
        raise UsageError(
            f"there is no unit '{host}'; {nearest(host, [*world.units, *world.links])}", file=str(rig.path)
        )
    known = world.units[unit].port
    if port != known:
        raise UsageError(f"unit '{unit}' has no port {port}; it has {known}", file=str(rig.path))
    if by is not None:
        if by.kind != "relay":
            raise UsageError(f"link '{host}' is a cable between two units; come by a relay", file=str(rig.path))
        return LinkEnd(rig, host).address
    with LabClient(place.address(rig)) as client:
        return client.unit_address(host)


def serial_port(rig: RigSpec, board: str) -> str:
    """
    The path of the serial port of a played board, or of a unit that has a console. Raises UsageError for one that the
    rig's world has not, DeviceError when the lab is not running.
    """
    assert rig.world is not None
    known = {*rig.world.boards, *(name for name, unit in rig.world.units.items() if unit.console != "none")}
    if board not in known:
        problem = f"there is no board, and no unit with a console, called '{board}'; {nearest(board, known)}"
        raise UsageError(problem, file=str(rig.path), key="world.boards")
    with LabClient(place.address(rig)) as client:
        return client.serial_port(board)


class LinkEnd:
    """
    A played link as the bench reaches it. Blocking; every call is a connection of its own, and raises DeviceError.

    Attributes:
        address: where its near end is, for who comes by it
        probe: where the bench is echoed across it, like `echo 127.0.0.1:7007`
        interface: what it is called where the unit is; empty for one that is no interface
        netns: where that is
    """

    def __init__(self, rig: RigSpec, name: str) -> None:
        self._socket, self._name = place.address(rig), name
        told = self._ask("link")
        self.address = str(told["address"][0]), int(told["address"][1])
        self.probe, self.interface, self.netns = str(told["probe"]), str(told["interface"]), str(told["netns"])

    def shape(self, shape: LinkShape) -> None:
        """
        Makes it like that.
        """
        self._ask("shape", shape=asdict(shape))

    def carrier(self) -> bool | None:
        """
        Whether the unit sees a carrier; None where there is none.
        """
        seen = self._ask("carrier")
        return None if seen is None else bool(seen)

    def _ask(self, verb: str, **arguments: Any) -> Any:
        with LabClient(self._socket) as client:
            return client.ask(verb, link=self._name, **arguments)


def link(rig: RigSpec, name: str) -> LinkEnd:
    """
    A played link. Raises UsageError for one that the rig's world has not, DeviceError when the lab is not running.
    """
    assert rig.world is not None
    if name not in rig.world.links:
        problem = f"there is no link '{name}'; {nearest(name, rig.world.links, what='link')}"
        raise UsageError(problem, file=str(rig.path), key="world.links")
    return LinkEnd(rig, name)


async def _client(socket: Path) -> LabClient:
    return await anyio.to_thread.run_sync(LabClient, socket)


def _spawn(rig: RigSpec, socket: Path, idle_s: float) -> int:
    """
    Starts a lab that outlives us: no parent waits for it, no terminal reaches it.
    """
    # -P: the folder that we happen to be in has no say in what `harness` is.
    argv = [sys.executable, "-P", "-m", str(__package__), "--rig", str(rig.path.absolute()), "--idle", str(idle_s)]
    log = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(place.log(socket)), log, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    return os.posix_spawn(sys.executable, argv, os.environ, file_actions=actions, setsid=True)


async def _started(rig: RigSpec, socket: Path, idle_s: float) -> tuple[LabClient, int]:
    """
    A connection to a lab that comes up now, and the process that we started for it.
    """
    limit_ns = now_ns() + round(_START_LIMIT_S * NS_PER_S)
    child = _spawn(rig, socket, idle_s)
    while now_ns() < limit_ns:
        try:
            client = await _client(socket)
        except NotListening:
            ended = _exit_code(child)
            if ended == Exit.REFUSED:
                # Another one was coming up at this moment, or going down: either way we may try again.
                child = _spawn(rig, socket, idle_s)
            elif ended is not None:
                raise _failed(socket, ended) from None
            await anyio.sleep(_LOOK_EVERY_S)
        else:
            if child != client.lab_pid:
                _dismiss(child)
            return client, child
    _left.add(child)
    raise BenchError(f"the lab did not start within {_START_LIMIT_S:g} s; see {place.log(socket)}")


def _dismiss(child: int) -> None:
    """
    Ends a process that came second: it holds nothing, and would only come up when the first one has gone.
    """
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _reap() -> None:
    _left.difference_update([child for child in _left if _exit_code(child) is not None])


def _exit_code(child: int) -> int | None:
    """
    How our child ended; None while it runs.
    """
    try:
        pid, status = os.waitpid(child, os.WNOHANG)
    except ChildProcessError:
        return 0
    return os.waitstatus_to_exitcode(status) if pid else None


def _failed(socket: Path, code: int | None) -> BenchError | UsageError:
    log = place.log(socket)
    said = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    if code == Exit.USAGE and said:
        return UsageError(said[-1])
    return BenchError(f"the lab ended with {code}: {said[-1] if said else 'it said nothing'}; see {log}")
