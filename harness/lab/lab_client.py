"""
The bench's side of the socket. Synchronous, since gpiozero's pins and smbus2's calls are.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from ..errors import DeviceError
from .messages import Answer, Malformed, Request

_NAME = "crashbench"


class NotListening(DeviceError):
    """
    No lab listens on the socket.
    """


class LabClient:
    """
    One connection to a lab. The lines that it drives are its own, until it is closed or its process ends.

    Any thread may use it. Every call has `timeout_s`, and raises DeviceError when the lab is gone, does not answer in
    time or says no, and OSError with the chip's own errno when a chip says no.
    """

    def __init__(self, path: Path, *, timeout_s: float = 2.0) -> None:
        self._path = path
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout_s)
        self._received = self._socket.makefile("rb")
        try:
            self._socket.connect(str(path))
        except OSError as error:
            self.close()
            raise NotListening("lab", f"none listens on {path}: {error.strerror}") from error
        hello = self._hello()
        self.lab_pid: int = hello["pid"]
        """The lab's process id."""
        self.world: str = hello["world"]
        """The digest of the world that it plays."""

    def __enter__(self) -> LabClient:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def drive(self, pin: int, level: int) -> None:
        """
        Drives a line to an electrical level, 0 or 1.
        """
        self.ask("drive", pin=pin, level=int(bool(level)))

    def release(self, pin: int) -> None:
        """
        Makes an input of a line, so that it floats to its pull.
        """
        self.ask("release", pin=pin)

    def level(self, pin: int, pull: int = 0) -> int:
        """
        What is on a line; one that nothing holds goes where it is pulled.
        """
        return int(self.ask("level", pin=pin, pull=pull))

    def i2c(self, bus: int, call: str, args: list[Any]) -> Any:
        """
        An SMBus call by its name in smbus2.
        """
        return self.ask("i2c", bus=bus, call=call, args=args)

    def unit_address(self, unit: str) -> tuple[str, int]:
        """
        Where a unit listens, or will when it has booted.
        """
        host, port = self.ask("address", unit=unit)
        return str(host), int(port)

    def serial_port(self, board: str) -> str:
        """
        The path of a board's serial port.
        """
        return str(self.ask("port", board=board))

    def state(self) -> dict[str, Any]:
        """
        Everything that can be observed: `lines`, `rails`, `units`, `boards`, and when (`at_ns`).
        """
        return dict(self.ask("state"))

    def stop(self) -> None:
        """
        Tells the lab to end.
        """
        self.ask("stop")

    def close(self) -> None:
        """
        Hangs up: the lines it drove do what the world says of lines whose program has ended.
        """
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._received.close()
        self._socket.close()

    def ask(self, verb: str, **arguments: Any) -> Any:
        """
        Any request of the protocol, and what the lab says to it.
        """
        with self._lock:
            request = Request(next(self._numbers), verb, arguments)
            answer = self._exchange(request)
        if answer.errno is not None:
            raise OSError(answer.errno, answer.error)
        if answer.error:
            raise DeviceError("lab", answer.error)
        return answer.value

    def _hello(self) -> dict[str, Any]:
        try:
            return dict(self.ask("hello", name=_NAME, pid=os.getpid()))
        except DeviceError as error:
            # The kernel lets in whoever comes while a killed lab is still taken apart, and then hangs up.
            if isinstance(error.__cause__, ConnectionError):
                raise NotListening("lab", f"none listens any more on {self._path}") from error
            raise

    def _exchange(self, request: Request) -> Answer:
        try:
            self._socket.sendall(request.line())
            line = self._received.readline()
            if not line:
                raise ConnectionResetError("it hung up")
            answer = Answer.read(line)
        except (OSError, Malformed) as error:
            # An answer that comes late would be taken for the next one's: nothing more can be asked here.
            self.close()
            raise DeviceError("lab", f"{self._path} did not answer '{request.do}': {error}") from error
        if answer.id != request.id:
            self.close()
            raise DeviceError("lab", f"answered request {answer.id} instead of {request.id}")
        return answer
