"""
A DUT's service that accepts TCP connections.
"""

from __future__ import annotations

from dataclasses import dataclass

import anyio

from ..errors import DeviceError, UsageError
from ..protocols import NoAnswer, Wiring


class TcpService:
    """
    Connects and hangs up, as a load balancer's check does.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        Where the service is, from the bench: `address = "edge-node:8080"`, or `"[fd00::1]:8080"`.
        """

        address: str

        def __post_init__(self) -> None:
            host, port = self.split()
            if not host or not 0 < port < 65_536:
                raise UsageError(f"'{self.address}' is no address; write it like edge-node:8080", key="address")

        def split(self) -> tuple[str, int]:
            """
            Host and port; port 0 when there is none.
            """
            host, _, port = self.address.rpartition(":")
            return host.removeprefix("[").removesuffix("]"), int(port) if port.isdecimal() else 0

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        self.name = name
        self._config, self._wiring = config, wiring
        self._address: tuple[str, int] | None = None

    async def open(self) -> None:
        """
        Finds out where to connect. Raises DeviceError when that is not known.
        """
        self._address = self._wiring.resolve(*self._config.split())

    async def aclose(self) -> None:
        """
        Has nothing to let go of: each connection was hung up.
        """

    async def connect(self) -> None:
        """
        Connects and hangs up. Raises NoAnswer. The caller sets the deadline.
        """
        if self._address is None:
            raise DeviceError(self.name, "is not open")
        host, port = self._address
        try:
            stream = await anyio.connect_tcp(host, port)
        except OSError as error:
            raise NoAnswer(f"{host}:{port}: {error}") from error
        await stream.aclose()
