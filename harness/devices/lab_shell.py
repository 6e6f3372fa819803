"""
A shell on a unit that a lab plays.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass

import anyio.to_thread

from ..errors import DeviceError
from ..protocols import NoAnswer, Program, ShellAnswer, Wiring
from ._shell import ShellDevice, run_program


class LabShell(ShellDevice):
    """
    Runs commands in the unit's folder while it has power. The processes that it tells of and ends are those of the
    unit's own session: no other one, whatever its name.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        The `unit` in the rig's world.
        """

        unit: str

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        super().__init__(name)
        self._unit, self._wiring = config.unit, wiring

    async def open(self) -> None:
        """
        Looks for the unit. Raises UsageError when the world has none of that name, DeviceError without a lab.
        """
        await self._where()

    async def aclose(self) -> None:
        """
        Nothing is held.
        """

    async def run(self, argv: Sequence[str], *, timeout_s: float) -> ShellAnswer:
        """
        Runs a command, without input. Raises NoAnswer, DeviceError.
        """
        folder, _, has_power = await self._where()
        if not has_power:
            raise NoAnswer(f"'{self._unit}' has no power")
        return await run_program(argv, timeout_s=timeout_s, folder=folder)

    async def pids(self, pattern: str, *, timeout_s: float) -> list[int]:
        """
        The unit's processes whose command line matches. Raises NoAnswer, DeviceError.
        """
        session = await self._session()
        return [pid for pid in await super().pids(pattern, timeout_s=timeout_s) if _session(pid) == session]

    async def signal(self, pid: int, name: str, *, timeout_s: float) -> bool:
        """
        Sends a process of the unit a signal. Raises NoAnswer, DeviceError for one that is not the unit's.
        """
        session = await self._session()
        try:
            # What holds the process cannot come to mean another one between the look and the signal.
            held = os.pidfd_open(pid)
        except ProcessLookupError:
            return False
        try:
            if _session(pid) not in (session, None):
                raise DeviceError(self.name, f"process {pid} is none of '{self._unit}'")
            signal.pidfd_send_signal(held, signal.Signals[f"SIG{name}"])
        except ProcessLookupError:
            return False
        finally:
            os.close(held)
        return True

    async def _where(self) -> Program:
        return await anyio.to_thread.run_sync(self._wiring.program, self._unit)

    async def _session(self) -> int:
        pid = (await self._where()).pid
        if pid is None:
            raise NoAnswer(f"'{self._unit}' runs nothing: it has no power, or its program has ended")
        return pid


def _session(pid: int) -> int | None:
    """
    The session of a process; None when it is gone.
    """
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None
