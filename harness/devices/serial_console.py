"""
A DUT's serial console.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio.to_thread
from serial.tools import list_ports

from ..errors import DeviceError, UsageError
from ..protocols import Chunk, Wiring
from ._console_reader import ConsoleReader
from ._numbered import Numbered

_USB = "usb:"

# A chatty boot is some thousands of lines; who listens looks after every few.
_KEPT = 100_000


class SerialConsole:
    """
    Listens to a serial port from its opening on, and says nothing into it. One that goes, as a DUT's own USB port does
    with its power, is opened again as soon as it is back; what it says before that is kept by the system, and read.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        `port` is a path that stays the same, such as `/dev/serial/by-id/…`, or `usb:SERIAL` for a USB device by its
        serial number. A port that must be there at the start is not `optional`.

        A byte may stay in the adapter for `lag_s` before the system has it (FTDI AN232B-04: a latency timer of 16 ms,
        if nothing fills its buffer). Raised lines reset some boards: `dtr` and `rts` say how they stand.
        """

        port: str
        baud: int = 115_200
        lag_s: float = 0.016
        dtr: bool = True
        rts: bool = True
        optional: bool = False

        def __post_init__(self) -> None:
            if not self.port.removeprefix(_USB):
                raise UsageError("is empty; name a path, or usb:SERIAL", key="port")
            if self.baud < 1:
                raise UsageError("must be more than 0", key="baud")
            if self.lag_s < 0:
                raise UsageError("must not be negative", key="lag")

        def resources(self) -> tuple[str, ...]:
            """
            The port that it takes.
            """
            return (f"serial port {self.port}",)

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        self.name, self._config, self._wiring = name, config, wiring
        self._heard: Numbered[Chunk] = Numbered(name, _KEPT)
        self._reader: ConsoleReader | None = None
        self._soon: Callable[..., Any] | None = None

    @property
    def count(self) -> int:
        """
        How many chunks have come since it was opened.
        """
        return self._heard.count

    @property
    def openings(self) -> int:
        """
        How often its port was opened: more than once, if it went and came back.
        """
        return 0 if self._reader is None else self._reader.openings

    async def open(self) -> None:
        """
        Begins to listen. Raises DeviceError when the port cannot be had.
        """
        config = self._config
        self._heard = Numbered(self.name, _KEPT)
        self._soon = asyncio.get_running_loop().call_soon_threadsafe
        find = _finder(self._wiring.serial_port(config.port))
        if not config.optional and find() is None:
            raise DeviceError(self.name, f"there is no port {config.port}")
        settings = {"baudrate": config.baud, "exclusive": True}
        reader = ConsoleReader(find, self._come, settings=settings, lag_s=config.lag_s, lines=(config.dtr, config.rts))
        try:
            await anyio.to_thread.run_sync(reader.start)
        except OSError as error:
            raise DeviceError(self.name, f"cannot open {config.port}: {error}") from error
        self._reader = reader

    async def aclose(self) -> None:
        """
        Listens no more.
        """
        self._soon = None
        if self._reader is not None:
            reader, self._reader = self._reader, None
            await anyio.to_thread.run_sync(reader.stop)

    def since(self, number: int) -> tuple[int, Sequence[Chunk]]:
        """
        What came from the chunk of that number on, and the number of the next one. Raises DeviceError.
        """
        if self._reader is None:
            raise DeviceError(self.name, "is not open")
        return self._heard.since(number)

    async def more(self, number: int) -> None:
        """
        Waits until the chunk of that number has come.
        """
        await self._heard.more(number)

    def _come(self, chunk: Chunk) -> None:
        """
        In the reader's thread.
        """
        if self._soon is not None:
            self._soon(self._heard.append, chunk)


def _finder(port: str) -> Callable[[], str | None]:
    """
    How to find a port's path, whatever name it has by now.
    """
    if not port.startswith(_USB):
        return lambda: port if Path(port).exists() else None
    serial_number = port.removeprefix(_USB)
    return lambda: next((found.device for found in list_ports.comports() if found.serial_number == serial_number), None)
