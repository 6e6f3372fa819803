"""
A serial port that is read in a thread of its own, as long as it is there, and again when it is back.
"""

from __future__ import annotations

import os
import select
import termios
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import serial

from .. import clock
from ..model.instant import Instant
from ..protocols import Chunk

# How long a look takes at most: an instant is no wider for it, but the thread notices its end by then.
_LOOK_S = 0.02

# How soon after it is back a port is opened: a unit's first words are waiting there.
_LOOK_FOR_IT_S = 0.005

_CHUNK = 4096


class ConsoleReader:
    """
    Reads whatever comes on a port and hands it to `take`, in its thread. `find` returns the port's path, None while it
    is not there; `lines` are how DTR and RTS stand. `stop` it when it is not wanted any more.

    A byte came after the last look at which none was there, less `lag_s`: what an adapter may keep it for.
    """

    def __init__(
        self,
        find: Callable[[], str | None],
        take: Callable[[Chunk], None],
        *,
        settings: dict[str, Any],
        lines: tuple[bool, bool],
        lag_s: float,
    ) -> None:
        self._find, self._take, self._settings, self._lines = find, take, settings, lines
        self._lag_ns = round(lag_s * clock.NS_PER_S)
        self._port: serial.Serial | None = None
        self._quiet_ns = clock.now_ns()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.openings = 0
        """How often the port was opened."""

    def start(self) -> None:
        """
        Begins to read; what had come before is left unread. Raises OSError when the port is there and cannot be opened.
        """
        self._open()
        if self._port is not None:
            self._quiet_ns = clock.now_ns()
            termios.tcflush(self._port.fileno(), termios.TCIFLUSH)
        self._thread.start()

    def stop(self) -> None:
        """
        Reads no more, and closes the port.
        """
        self._stopped.set()
        self._thread.join()
        self._close()

    def _run(self) -> None:
        while not self._stopped.is_set():
            if self._port is None:
                with suppress(OSError):  # it is just coming, or just going
                    self._open()
                if self._port is None:
                    self._stopped.wait(_LOOK_FOR_IT_S)
                    continue
            try:
                self._read(self._port)
            except OSError:
                self._close()  # unplugged: an errno, or a SerialException

    def _open(self) -> None:
        at_ns = clock.now_ns()
        path = self._find()
        if path is None:
            self._quiet_ns = at_ns
            return
        port = _Port(None, **self._settings)
        port.port, (port.dtr, port.rts) = path, self._lines
        port.open()
        self._port = port
        self.openings += 1

    def _close(self) -> None:
        # Closed before it is looked for: while it is held open, the system gives another name to what comes back.
        if self._port is not None:
            with suppress(OSError):
                self._port.close()
            self._port = None

    def _read(self, port: serial.Serial) -> None:
        fd = port.fileno()
        at_ns = clock.now_ns()
        if not select.select([fd], [], [], 0)[0]:
            self._quiet_ns = at_ns
            if not select.select([fd], [], [], _LOOK_S)[0]:
                return
        data = os.read(fd, _CHUNK)
        if not data:
            raise OSError("it is gone")
        self._take(Chunk(Instant(self._quiet_ns - self._lag_ns, clock.now_ns()), data))


class _Port(serial.Serial):  # type: ignore[misc]
    def _reset_input_buffer(self) -> None:
        """
        Keeps what is there: pyserial empties a port that it opens, and early boot messages with it.
        """
