"""
An address of the DUT that answers echo requests.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from icmplib import (
    AsyncSocket,
    DestinationUnreachable,
    ICMPLibError,
    ICMPRequest,
    ICMPv4Socket,
    ICMPv6Socket,
    SocketPermissionError,
    TimeExceeded,
    async_resolve,
    is_hostname,
    is_ipv6_address,
)

from .. import clock
from ..errors import DeviceError, UsageError
from ..protocols import NoAnswer, Wiring

# icmplib keeps its own deadline by the wall clock, which may be stepped: ours is the caller's.
_NEVER_S = 1e8

_CURE = (
    "echo requests need root, CAP_NET_RAW, or `sysctl net.ipv4.ping_group_range` with a group of this user in its range"
)


class PingTarget:
    """
    Sends one ICMP echo request at a time, from a socket of its own: without privileges where the kernel allows that
    (`net.ipv4.ping_group_range`), else from a raw one.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        `address` is a name or an address, of either family. `source` is the bench's own address to ask from, if it has
        several: then a packet takes the link that this belongs to.
        """

        address: str
        source: str = ""

        def __post_init__(self) -> None:
            if not is_hostname(self.address) and not _is_address(self.address):
                raise UsageError(f"'{self.address}' is neither a name nor an address", key="address")
            if self.source and not _is_address(self.source):
                raise UsageError(f"'{self.source}' is no address", key="source")

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        self.name, self._config = name, config
        self._address = ""
        self._privileged = False
        self._sequence = 0

    async def open(self) -> None:
        """
        Finds the address, and what kind of socket may be had. Raises DeviceError.
        """
        address = self._config.address
        try:
            self._address = (await async_resolve(address))[0] if is_hostname(address) else address
            self._privileged = self._must_be_privileged()
        except (ICMPLibError, OSError) as error:
            self._address = ""
            raise DeviceError(self.name, f"'{address}': {error}") from error

    async def aclose(self) -> None:
        """
        Has nothing to let go of: each request had a socket of its own.
        """
        self._address = ""

    async def ping(self, size: int) -> float:
        """
        One echo request with `size` bytes; returns the round trip, in seconds. Raises NoAnswer, DeviceError. The caller
        sets the deadline.
        """
        if not self._address:
            raise DeviceError(self.name, "is not open")
        self._sequence = (self._sequence + 1) & 0xFFFF
        request = ICMPRequest(self._address, id=id(self) & 0xFFFF, sequence=self._sequence, payload_size=size)
        try:
            with AsyncSocket(self._socket(self._privileged)) as socket:
                sent_ns = clock.now_ns()
                socket.send(request)
                reply = await socket.receive(request, _NEVER_S)
                took_ns = clock.now_ns() - sent_ns
                reply.raise_for_status()
        except (DestinationUnreachable, TimeExceeded) as error:
            raise NoAnswer(f"{self._address}: {error}") from error
        except (ICMPLibError, OSError) as error:
            # No route, an interface that is down: the way to the DUT begins at the bench's own door.
            raise NoAnswer(f"{self._address}: cannot be asked: {error}") from error
        return took_ns / clock.NS_PER_S

    def _must_be_privileged(self) -> bool:
        for privileged in (False, True):
            try:
                self._socket(privileged).close()
            except SocketPermissionError:
                continue
            return privileged
        raise DeviceError(self.name, _CURE)

    def _socket(self, privileged: bool) -> ICMPv4Socket | ICMPv6Socket:
        kind = ICMPv6Socket if is_ipv6_address(self._address) else ICMPv4Socket
        return kind(self._config.source or None, privileged)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
