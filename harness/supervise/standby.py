"""
A restore process that stands by: whoever sends for it when the unit is in the dark has not to wait for its imports.
"""

from __future__ import annotations

import json
import subprocess
import sys
from types import TracebackType
from typing import Any, Self

import anyio
from anyio.abc import Process

from ..errors import BenchError
from ..model.rig import RigSpec
from .wire import READY

_PACKAGE = __package__.rpartition(".")[0]

# One that was killed while it stood by is replaced, and so is one that fell while it restored.
_ATTEMPTS = 2
# The imports of one take a few seconds on the slowest of hosts.
_READY_WITHIN_S = 30.0


class Standby:
    """
    A process of its own that makes a rig safe, as `crashbench restore` does, as soon as it is told.

    It holds nothing of the hardware until then, and ends with the context, or with the process that started it.
    """

    def __init__(self, rig: RigSpec) -> None:
        self.rig = rig
        self._process: Process | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._dismiss()

    async def stand_by(self) -> None:
        """
        Returns once nothing but our word keeps it from making the rig safe. Raises BenchError when that never comes.
        """
        problem = ""
        for _ in range(_ATTEMPTS):
            await self._start()
            problem = await self._problem()
            if not problem:
                return
            await self._dismiss()
        raise BenchError(f"nothing is struck without a restore process that stands by: {problem}")

    async def _problem(self) -> str:
        """
        Waits until it is ready; otherwise why it is not.
        """
        process, said = self._process, b""
        assert process is not None
        assert process.stdout is not None
        with anyio.move_on_after(_READY_WITHIN_S):
            try:
                while not said.endswith(b"\n"):
                    said += await process.stdout.receive()
            except anyio.EndOfStream:
                pass  # it has ended, and said why if it could
            else:
                if said.decode(errors="replace").strip() == READY:
                    return ""
            code = await process.wait()
            return str(_told(said).get("problem") or f"it ended with {code}")
        return f"it was not ready within {_READY_WITHIN_S:g} s"

    async def _start(self) -> None:
        if self._process is None:
            # -P: the folder that we happen to be in has no say in what is imported.
            program = ["-P", "-m", f"{_PACKAGE}.supervise.restore_process"]
            command = [sys.executable, *program, "--wait", str(self.rig.path)]
            with anyio.CancelScope(shield=True):
                # Out of the terminal's reach: whoever interrupts a run must not interrupt what makes it safe.
                self._process = await anyio.open_process(
                    command, stdin=subprocess.PIPE, stderr=None, start_new_session=True
                )

    async def made_safe(self) -> dict[str, Any]:
        """
        Has it make the rig safe: `undone` and `rails_v`, or the `problem`.
        """
        code = None
        with anyio.CancelScope(shield=True):
            for _ in range(_ATTEMPTS):
                await self._start()
                said, code = await self._sent()
                await self._dismiss()
                if told := _told(said):
                    return told
        cure = f"run `crashbench restore --rig {self.rig.path}`"
        return {"problem": f"UNRESTORED: the restore process ended with {code}; {cure}"}

    async def _sent(self) -> tuple[bytes, int]:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        said = b""
        try:
            await process.stdin.send(b"restore\n")
            async for chunk in process.stdout:
                said += chunk
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            pass  # it has died, which its silence tells
        return said, await process.wait()

    async def _dismiss(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with anyio.CancelScope(shield=True):
            if process.returncode is None:
                process.kill()
            await process.aclose()


def _told(said: bytes) -> dict[str, Any]:
    """
    What its last line tells; empty for one that ended without.
    """
    try:
        told: dict[str, Any] = json.loads(said.splitlines()[-1])
    except (IndexError, ValueError):
        return {}
    return told


async def made_safe(rig: RigSpec) -> dict[str, Any]:
    """
    Has a process of its own make the rig safe at once: `undone` and `rails_v`, or the `problem`.
    """
    async with Standby(rig) as standby:
        return await standby.made_safe()
