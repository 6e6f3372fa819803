"""
A board in MicroPython's REPL, through mpremote (the extra `board`): its files, and its reset.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import serial

from .failures import BoardError, BoardLost

# For single bytes of a handshake; mpremote itself waits 10 s for what a command prints.
_READ_S = 1.0


class Repl:
    """
    One exclusively opened port whose board takes Python. Use as a context manager, or call `close`.

    Raises:
        BoardLost: the port does not open, or no REPL answers on it within `timeout_s`.
        ImportError: mpremote is not installed.
    """

    def __init__(self, path: str, *, timeout_s: float = 2.0) -> None:
        # Here, since only flashing needs it.
        from mpremote.transport import TransportError
        from mpremote.transport_serial import SerialTransport

        self.path = path
        self._failures = (TransportError, serial.SerialException, OSError)
        with self._tried("no REPL"):
            self._transport: Any = SerialTransport(path, timeout=_READ_S)
        try:
            with self._tried("no REPL"):
                self._transport.enter_raw_repl(soft_reset=False, timeout_overall=timeout_s)
        except BoardError:
            self.close()
            raise

    def __enter__(self) -> Repl:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """
        Closes the port; the board stays in its REPL, the one for people.
        """
        for leave in (self._transport.exit_raw_repl, self._transport.close):
            with contextlib.suppress(*self._failures):
                leave()

    def digest(self, name: str) -> str | None:
        """
        The SHA-256 of a file, in hex digits; None where there is none.
        """
        with self._tried(name):
            # Asked for, since ports number "no such file" differently.
            self._transport.exec("import os")
            if not self._transport.eval(f"{name!r} in os.listdir()"):
                return None
            return bytes(self._transport.fs_hashfile(name, "sha256")).hex()

    def write(self, name: str, content: bytes) -> None:
        """
        Makes the file, or makes it anew.
        """
        with self._tried(name):
            self._transport.fs_writefile(name, content)

    def rename(self, name: str, to: str) -> None:
        """
        Gives a file another name.
        """
        with self._tried(name):
            self._transport.exec(f"import os\nos.rename({name!r}, {to!r})")

    def remove(self, name: str) -> None:
        """
        Deletes a file.
        """
        with self._tried(name):
            self._transport.fs_rmfile(name)

    def reset(self) -> None:
        """
        Restarts the board, which then runs its `main.py`. Nothing answers to this.
        """
        with self._tried("reset"):
            self._transport.exec_raw_no_follow("import machine\nmachine.reset()")

    @contextlib.contextmanager
    def _tried(self, what: str) -> Iterator[None]:
        # mpremote prints what it cannot make sense of; ours is the one line of an error.
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                yield
        except self._failures as error:
            told = str(error).strip().splitlines()
            raise BoardLost(f"{self.path}: {what}: {told[-1] if told else type(error).__name__}") from error
