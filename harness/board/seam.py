"""
The virtual board's outside: what its pins do, and what the world does to them, as JSON lines on a Unix socket.

The protocol is documented in `fixtures/board/README.md`. Methods block; times are ns on CLOCK_MONOTONIC.
"""

from __future__ import annotations

import itertools
import json
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from .failures import BoardLost, BoardSilent


class PinChange(NamedTuple):
    """
    An output of the board changed; `level` None means no longer driven.
    """

    gpio: int
    level: int | None
    at_ns: int


class World:
    """
    A connection to the virtual board's outside. Use as a context manager, or call `close`.

    Raises:
        BoardLost: nobody listens at `path`.
    """

    def __init__(self, path: Path, *, timeout_s: float = 2.0) -> None:
        self._timeout_s = timeout_s
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            raise BoardLost(f"{path}: {error}") from error
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()
        self._answers: dict[int, dict[str, Any]] = {}
        self._is_open = True
        self.changes: deque[PinChange] = deque(maxlen=100_000)
        self.levels: dict[int, int | None] = {}
        self.duties: dict[int, int] = {}
        self.born_ns = 0
        self._reader = threading.Thread(target=self._read, name="virtual board's world", daemon=True)
        self._reader.start()
        self.wait_for(lambda: self.born_ns != 0)

    def __enter__(self) -> World:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """
        Leaves; the virtual board goes on.
        """
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join()
        self._socket.close()

    def wait_for(self, condition: Callable[[], object], timeout_s: float | None = None) -> None:
        """
        Waits until `condition()` holds, asking after every line that the board sends.

        Raises:
            BoardSilent: it did not come true in time.
        """
        limit_s = self._timeout_s if timeout_s is None else timeout_s
        with self._changed:
            if not self._changed.wait_for(lambda: condition() or not self._is_open, limit_s) or not condition():
                raise BoardSilent(f"the virtual board's world did not change as expected within {limit_s:g} s")

    def wait_for_level(self, gpio: int, level: int | None, timeout_s: float | None = None) -> PinChange:
        """
        Waits until output `gpio` is at `level`, and returns its last change (none seen: as of the board's start).
        """
        self.wait_for(lambda: gpio in self.levels and self.levels[gpio] == level, timeout_s)
        seen = (change for change in reversed(list(self.changes)) if change.gpio == gpio)
        return next(seen, PinChange(gpio, level, self.born_ns))

    def set_level(self, gpio: int, level: int) -> int:
        """
        Applies a level to an input; returns when the board had taken it.
        """
        return int(self._ask({"pin": gpio, "level": level})["t_us"]) * 1000

    def set_adc(self, gpio: int, value: int) -> None:
        """
        What an analog input reads, 0 to 65535.
        """
        self._ask({"adc": gpio, "value": value})

    def i2c(self, address: int, written: bytes = b"", count: int = 0) -> bytes | None:
        """
        One I2C transaction, a write and then by repeated start a read of `count` bytes; None: not acknowledged.
        """
        answer = self._ask({"i2c": address, "write": written.hex(), "read": count})
        return None if answer.get("nack") else bytes.fromhex(answer["data"])

    def reset_board(self) -> None:
        """
        Pulls the board's reset line; returns when its firmware runs again.
        """
        self._ask({"reset": True})

    def _ask(self, message: dict[str, object]) -> dict[str, Any]:
        number = next(self._numbers)
        try:
            self._socket.sendall(json.dumps({**message, "id": number}).encode() + b"\n")
        except OSError as error:
            raise BoardLost(f"the virtual board is gone: {error}") from error
        self.wait_for(lambda: number in self._answers)
        return self._answers.pop(number)

    def _read(self) -> None:
        with self._socket.makefile("rb") as lines:
            while True:
                try:
                    line = lines.readline()
                except OSError:
                    line = b""
                with self._changed:
                    if not line:
                        self._is_open = False
                    else:
                        self._take(json.loads(line))
                    self._changed.notify_all()
                if not line:
                    return

    def _take(self, message: dict[str, Any]) -> None:
        if "id" in message:
            self._answers[message["id"]] = message
        elif "pin" in message:
            self.levels[message["pin"]] = message["level"]
            self.changes.append(PinChange(message["pin"], message["level"], message["t_us"] * 1000))
        elif "pwm" in message:
            self.duties[message["pwm"]] = message["duty"]
        elif "booted" in message:
            self.born_ns = message["born_us"] * 1000
            self.levels.update((int(gpio), level) for gpio, level in message["pins"].items())
