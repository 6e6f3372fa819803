"""
The serial console of a unit: a pty that says what its program says.
"""

from __future__ import annotations

import os
import pty
import tty
from contextlib import suppress
from pathlib import Path
from typing import Literal


class PlayedConsole:
    """
    A serial port that is found at `path`. A `uart` is there for good, as an adapter on the bench is; a `usb` one is the
    unit's own: it goes with its power, and comes again, as another one, when it is fed.

    What nobody reads is kept by the kernel for as long as a pty has room (4 KiB), and then lost, as it is on a wire.
    """

    def __init__(self, path: Path, kind: Literal["uart", "usb"]) -> None:
        self.path, self._kind = path, kind
        self._ends: tuple[int, int] | None = None
        if kind == "uart":
            self._plug()

    def powered(self) -> None:
        """
        The unit has power.
        """
        if self._kind == "usb":
            self._unplug()
            self._plug()

    def power_lost(self) -> None:
        """
        The unit has no power any more.
        """
        if self._kind == "usb":
            self._unplug()

    def say(self, data: bytes) -> None:
        """
        The unit says something.
        """
        if self._ends is None:
            return
        with suppress(BlockingIOError):
            os.write(self._ends[0], data)

    def close(self) -> None:
        """
        The port is gone.
        """
        self._unplug()

    def _plug(self) -> None:
        ours, theirs = pty.openpty()
        tty.setraw(theirs)
        os.set_blocking(ours, False)
        self.path.symlink_to(os.ttyname(theirs))
        self._ends = ours, theirs

    def _unplug(self) -> None:
        if self._ends is None:
            return
        self.path.unlink(missing_ok=True)
        for end in self._ends:
            os.close(end)
        self._ends = None
