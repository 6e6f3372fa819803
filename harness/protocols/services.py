"""
What the DUT itself can be asked.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, runtime_checkable

from .parts import Device


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
