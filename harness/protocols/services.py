"""
What the DUT itself can be asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

from .parts import Device, Output


class NoAnswer(Exception):
    """
    The DUT did not answer, or not in a way that can be understood: data about the DUT, never an error of the bench.
    """


class HttpAnswer(NamedTuple):
    """
    An HTTP status and body.
    """

    status: int
    body: bytes


@runtime_checkable
class HttpService(Device, Protocol):
    """
    A service of the DUT that speaks HTTP.
    """

    async def request(self, method: str, path: str, body: bytes = b"") -> HttpAnswer:
        """
        One request over a fresh connection. Raises NoAnswer. The caller sets the deadline.
        """


@runtime_checkable
class TcpService(Device, Protocol):
    """
    A service of the DUT that accepts TCP connections.
    """

    async def connect(self) -> None:
        """
        Connects and hangs up. Raises NoAnswer. The caller sets the deadline.
        """


@runtime_checkable
class PingTarget(Device, Protocol):
    """
    An address of the DUT that answers echo requests (ICMP).
    """

    async def ping(self, size: int) -> float:
        """
        One echo request with `size` bytes; returns the round trip, in seconds. Raises NoAnswer for an answer that says
        no, DeviceError when the bench may not or cannot ask. The caller sets the deadline: silence has no end.
        """


@runtime_checkable
class SqlService(Device, Protocol):
    """
    A database of the DUT.
    """

    async def query(self, statement: str, *, timeout_s: float) -> list[tuple[Any, ...]]:
        """
        The rows of one statement over a fresh connection. Raises NoAnswer, also when the server refuses the statement
        or `timeout_s` (seconds, for connecting and answering together) has passed.
        """


class ShellAnswer(NamedTuple):
    """
    How a command ended, and what it said. Where a shell has one stream only, all of it is in `stdout`.
    """

    code: int
    stdout: bytes
    stderr: bytes


@runtime_checkable
class Shell(Output, Protocol):
    """
    A way to run commands on the DUT. It holds nothing there, so that it is always safe.

    The action of an `Undo` is a command line, or `none: …`, which says why nothing is left to be undone.
    """

    async def run(self, argv: Sequence[str], *, timeout_s: float) -> ShellAnswer:
        """
        Runs a command, without input. Raises NoAnswer when the DUT cannot be reached, has not such a command, or is not
        done within `timeout_s` seconds; DeviceError for what the bench itself has not, such as a key.
        """

    async def pids(self, pattern: str, *, timeout_s: float) -> list[int]:
        """
        The DUT's processes whose command line matches an extended regular expression. Raises NoAnswer, DeviceError.
        """

    async def signal(self, pid: int, name: str, *, timeout_s: float) -> bool:
        """
        Sends a process of the DUT the signal of that name (`KILL`); False when there is no such process any more.
        Raises NoAnswer, DeviceError.
        """
