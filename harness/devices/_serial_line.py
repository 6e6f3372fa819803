"""
A serial port that is read and written without a thread.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import anyio
import serial

from ..errors import DeviceError
from ..protocols import NoAnswer

# A line that waits for an answer is followed by nothing: at 9600 baud this is some hundred characters.
_QUIET_S = 0.1


class SerialLine:
    """
    Bytes to and from a port, and what of them has not been taken in yet.
    """

    def __init__(self, device: str, port: str, baud: int) -> None:
        self._device = device
        self._heard = bytearray()
        try:
            self._port = serial.Serial(port, baud, timeout=0, write_timeout=0, exclusive=True)
        except (serial.SerialException, OSError, ValueError) as error:
            raise DeviceError(device, f"port {port} cannot be opened: {error}") from error

    def close(self) -> None:
        """
        Closes the port.
        """
        self._port.close()

    async def send(self, data: bytes) -> None:
        """
        Writes everything. Raises DeviceError.
        """
        try:
            while data:
                await anyio.wait_writable(self._port.fileno())
                data = data[self._port.write(data) or 0 :]
        except (serial.SerialException, OSError) as error:
            raise DeviceError(self._device, f"cannot be written to: {error}") from error

    async def settled(self, patterns: Sequence[str], within_s: float) -> str:
        """
        What stands on the last line: as soon as one of the patterns is found there and nothing follows, at the latest
        after `within_s` seconds. It counts as taken in. Raises DeviceError.
        """
        with anyio.move_on_after(within_s):
            while True:
                is_found = any(re.search(pattern, self._last_line()) for pattern in patterns)
                with anyio.move_on_after(_QUIET_S if is_found else None) as quiet:
                    await self._hear()
                if quiet.cancelled_caught:
                    break
        said = self._last_line()
        self._heard.clear()
        return said

    async def until(self, pattern: re.Pattern[bytes], most: int) -> re.Match[bytes]:
        """
        Waits for the pattern; what was heard up to its end counts as taken in. Raises NoAnswer when more than `most`
        bytes come without it, DeviceError.
        """
        while (found := pattern.search(self._heard)) is None:
            if len(self._heard) > most:
                raise NoAnswer(f"the console said more than {most} bytes")
            await self._hear()
        kept = pattern.search(bytes(self._heard[: found.end()]))
        assert kept is not None
        del self._heard[: kept.end()]
        return kept

    async def _hear(self) -> None:
        try:
            await anyio.wait_readable(self._port.fileno())
            chunk = self._port.read(max(1, self._port.in_waiting))
        except (serial.SerialException, OSError) as error:
            raise DeviceError(self._device, f"cannot be read: {error}") from error
        self._heard += chunk

    def _last_line(self) -> str:
        return bytes(self._heard).decode(errors="replace").rpartition("\n")[2]
