"""
`crashbench serve`: one process, one loop, until a signal ends it; what runs then is restored first.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
import uvicorn

from .. import clock
from ..config.rig import load_rig
from ..engine.undo import UndoJournal
from ..errors import Exit, Refused, UsageError
from ..model.rig import RigSpec
from ..supervise.by_hand import restore_by_hand
from ..supervise.on_record import close_what_was_left
from ..supervise.places import undo_path
from .app import API, create_app
from .host_bench import HostBench

_CODES = {signal.SIGINT: Exit.SIGINT, signal.SIGTERM: Exit.SIGTERM}

# What answers are still on their way when everything has ended; a client that does not take its own is not waited for.
_LAST_ANSWERS_S = 3


def serve_host(rig: str, host: str, port: int) -> int:
    """
    Serves a rig until SIGINT or SIGTERM. Returns 0, or the signal's exit code when it interrupted a run.

    What an earlier run left is undone first. Raises UsageError, BenchError.
    """
    bench = HostBench(rig)
    with _listening(host, port) as listener:
        token = _token(listener, host)
        restore_what_was_left(load_rig(rig))
        # A long trace takes a minute, which neither the first request nor a signal waits for.
        threading.Thread(target=close_what_was_left, name="crashbench-tidy", daemon=True).start()
        return clock.run(_serve, bench, listener, token, host)


def restore_what_was_left(rig: RigSpec) -> None:
    """
    Undoes what an earlier run left of a rig, unless somebody else has it and so is seeing to it.

    Raises DeviceError, Unrestored, RecordError.
    """
    if rig.is_virtual or UndoJournal(undo_path(rig)).pending().is_clean:
        return
    try:
        for line in restore_by_hand(rig):
            _say(f"restored what an earlier run left: {line}")
    except Refused as held:
        _say(f"something is to be undone, and is left to who has the rig: {held}")


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """
        Leaves signals alone: runs end first, and the server after them.
        """
        yield


async def _serve(bench: HostBench, listener: socket.socket, token: str, host: str) -> int:
    config = uvicorn.Config(
        create_app(bench, token, [host]),
        lifespan="on",
        http="h11",
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_LAST_ANSWERS_S,
    )
    server = _Server(config)
    code = Exit.HELD
    async with anyio.create_task_group() as tasks:
        with anyio.open_signal_receiver(*_CODES) as signals:
            tasks.start_soon(server.serve, [listener])
            _say(f"serving {_address(listener)}{API}")
            async for signum in signals:
                name = signal.Signals(signum).name
                _say(f"{name}: ending")
                if await bench.close(f"the host was ended by {name}"):
                    code = _CODES[signal.Signals(signum)]
                server.should_exit = True
                break
    return code


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    if not 0 <= port <= 65_535:
        raise UsageError(f"{port} is no port; give one from 1 to 65535, or 0 for any", key="--port")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise UsageError(f"'{host}' is no address to listen on; give one of this machine's", key="--host") from error
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen()
        except OSError as error:
            raise UsageError(f"cannot listen on '{host}' port {port}: {error.strerror}", key="--port") from error
        listener.setblocking(False)
        yield listener


def _token(listener: socket.socket, host: str) -> str:
    """
    The token from the environment, or a new one that is told once. Raises UsageError where that would not be safe.
    """
    if token := os.environ.get("CRASHBENCH_TOKEN"):
        return token
    if not ipaddress.ip_address(listener.getsockname()[0]).is_loopback:
        raise UsageError(
            f"missing; '{host}' is open to others: set it, or listen on 127.0.0.1 alone", key="CRASHBENCH_TOKEN"
        )
    token = secrets.token_urlsafe(24)
    _say(f"token: {token}")
    return token


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _say(line: str) -> None:
    sys.stderr.write(f"crashbench: {line}\n")
    sys.stderr.flush()
