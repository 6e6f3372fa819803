"""
A shell on the bench's own computer, for a DUT that runs there.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import DeviceError
from ..protocols import ShellAnswer, Wiring
from ._shell import ShellDevice, run_program


class LocalShell(ShellDevice):
    """
    Runs each command as a process of its own, by its words: no shell reads them.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        The `folder` in which commands are run; empty: the bench's own.
        """

        folder: str = ""

    def __init__(self, name: str, config: Config, _: Wiring) -> None:
        super().__init__(name)
        self._folder = Path(config.folder).expanduser() if config.folder else None

    async def open(self) -> None:
        """
        Looks for the folder. Raises DeviceError when it is not there.
        """
        if self._folder is not None and not self._folder.is_dir():
            raise DeviceError(self.name, f"there is no folder {self._folder}")

    async def aclose(self) -> None:
        """
        Nothing is held.
        """

    async def run(self, argv: Sequence[str], *, timeout_s: float) -> ShellAnswer:
        """
        Runs a command, without input. Raises NoAnswer.
        """
        return await run_program(argv, timeout_s=timeout_s, folder=self._folder)

    async def signal(self, pid: int, name: str, *, timeout_s: float) -> bool:
        """
        Sends a process a signal, but not the bench itself. Raises NoAnswer, DeviceError.
        """
        if pid in (os.getpid(), os.getppid()):
            raise DeviceError(self.name, f"process {pid} is the bench's own")
        return await super().signal(pid, name, timeout_s=timeout_s)
