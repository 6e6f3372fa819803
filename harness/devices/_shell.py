"""
What every shell has in common: what is told of processes by commands, and programs of the bench's computer that are run
with a deadline and a bound on what they may say.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

import anyio
import anyio.lowlevel
from anyio.abc import ByteReceiveStream

from ..errors import DeviceError
from ..protocols import NoAnswer, ShellAnswer

# More than any command of a fault or a probe says: one that goes on was not the right one.
MOST_BYTES = 64 * 1024

_UNDO_S = 1.5  # within the bench's own deadline for a call, so that it is this one that tells
_NOTHING = "none:"


class ShellDevice(ABC):
    """
    A shell whose processes are told and ended by commands.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    async def run(self, argv: Sequence[str], *, timeout_s: float) -> ShellAnswer:
        """
        Runs a command, without input. Raises NoAnswer, DeviceError.
        """

    async def pids(self, pattern: str, *, timeout_s: float) -> list[int]:
        """
        The processes whose command line matches an extended regular expression. Raises NoAnswer, DeviceError.
        """
        answer = await self.run(["pgrep", *self._among(), "-f", _not_itself(pattern)], timeout_s=timeout_s)
        if answer.code not in (0, 1):  # 1: none matched
            raise DeviceError(self.name, f"pgrep ended with {answer.code}: {told(answer)}")
        return [int(word) for word in answer.stdout.split()]

    async def signal(self, pid: int, name: str, *, timeout_s: float) -> bool:
        """
        Sends a process a signal; False when there is no such process. Raises NoAnswer, DeviceError.
        """
        if pid <= 1:
            raise DeviceError(self.name, f"process {pid} is not one that may be ended")
        answer = await self.run(["sh", "-c", f"LC_ALL=C kill -s {name} {pid}"], timeout_s=timeout_s)
        if answer.code and "No such process" not in told(answer):
            raise DeviceError(self.name, f"process {pid} cannot be sent SIG{name}: {told(answer)}")
        return answer.code == 0

    async def make_safe(self) -> None:
        """
        A shell holds nothing on the DUT.
        """
        await anyio.lowlevel.checkpoint()

    async def undo(self, action: str) -> None:
        """
        Runs a command line, unless it says that there is nothing to be done. Raises DeviceError when that fails.
        """
        if action.startswith(_NOTHING):
            return
        try:
            answer = await self.run(shlex.split(action), timeout_s=_UNDO_S)
        except NoAnswer as error:
            raise DeviceError(self.name, f"cannot undo by `{action}`: {error}") from error
        if answer.code:
            raise DeviceError(self.name, f"`{action}` ended with {answer.code}: {told(answer)}")

    def _among(self) -> Sequence[str]:
        """
        What confines pgrep to the DUT, where it would see others as well.
        """
        return ()


def told(answer: ShellAnswer) -> str:
    """
    The last line of what a command said, of its errors if it said any.
    """
    lines = (answer.stderr or answer.stdout).decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


async def run_program(
    argv: Sequence[str], *, timeout_s: float, folder: Path | None = None, env: Mapping[str, str] | None = None
) -> ShellAnswer:
    """
    Runs a program of this computer in a session of its own, which ends with it, or at the deadline. Raises NoAnswer.
    """
    if not argv:
        raise ValueError("a command has at least its name")
    try:
        process = await anyio.open_process(
            list(argv),
            stdin=subprocess.DEVNULL,
            cwd=folder,
            env={**os.environ, **env} if env else None,
            start_new_session=True,
        )
    except OSError as error:
        raise NoAnswer(f"{argv[0]} cannot be run: {error.strerror}") from error
    said = {1: bytearray(), 2: bytearray()}
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        with anyio.move_on_after(timeout_s):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_hear, process.stdout, said[1])
                tasks.start_soon(_hear, process.stderr, said[2])
                code = await process.wait()
            return _bounded(argv[0], ShellAnswer(code, bytes(said[1]), bytes(said[2])))
    finally:
        # What it started, too: a leader's group outlives it.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        with anyio.CancelScope(shield=True):
            await process.aclose()
    raise NoAnswer(f"{argv[0]} was not done within {timeout_s:g} s")


async def _hear(stream: ByteReceiveStream, said: bytearray) -> None:
    """
    Reads to the end, and keeps no more than what shows that it was too much.
    """
    async for chunk in stream:
        said += chunk[: MOST_BYTES + 1 - len(said)]


def _bounded(program: str, answer: ShellAnswer) -> ShellAnswer:
    if max(len(answer.stdout), len(answer.stderr)) > MOST_BYTES:
        raise NoAnswer(f"{program} said more than {MOST_BYTES} bytes")
    return answer


def _not_itself(pattern: str) -> str:
    """
    The same pattern, written so that it does not match itself: a shell on the way may have it in its command line.
    """
    return f"[{pattern[0]}]{pattern[1:]}" if pattern[:1].isalnum() else pattern
