"""
The processes of the DUT's workers: who they are, and how to end them.
"""

from __future__ import annotations

from dataclasses import dataclass

import anyio

from .. import clock
from ..protocols import NoAnswer, Shell
from ._report import Report


@dataclass(frozen=True, slots=True)
class Look:
    """
    A look at a worker: when it was asked and when that was settled (ns), and its processes; empty for none. When nobody
    said anything, `silence` is why.
    """

    asked_ns: int
    settled_ns: int
    pids: frozenset[int] = frozenset()
    silence: str = ""


class Workers:
    """
    The DUT's workers, as its own report has them, or, without one, as `pgrep` finds them by the shell.
    """

    def __init__(self, shell: Shell, report: Report | None, pattern: str, shell_s: float, look_s: float) -> None:
        self.shell, self._report, self._pattern = shell, report, pattern
        self._shell_s, self._look_s = shell_s, look_s
        self._last: dict[str, Look] = {}

    async def look(self, worker: str) -> Look:
        """
        A worker's processes as they are now.
        """
        asked_ns = clock.now_ns()
        pids, silence = frozenset[int](), ""
        if self._report is None:
            try:
                pids = frozenset(
                    await self.shell.pids(self._pattern.replace("{worker}", worker), timeout_s=self._shell_s)
                )
            except NoAnswer as error:
                silence = str(error) or "no answer"
        else:
            said = await self._report.ask()
            pids, silence = _reported(said.value, worker), said.silence
        self._last[worker] = Look(asked_ns, clock.now_ns(), pids, silence)
        return self._last[worker]

    async def kill(self, pid: int, signal: str) -> bool:
        """
        Sends a process a signal; False when it is gone. Raises NoAnswer, DeviceError.
        """
        return await self.shell.signal(pid, signal, timeout_s=self._shell_s)

    async def pause(self) -> None:
        """
        Waits until the next look is due.
        """
        await anyio.sleep(self._look_s)

    def told(self, worker: str) -> str:
        """
        What the last look at a worker showed, in words.
        """
        look = self._last.get(worker)
        if look is None:
            return f"{worker} was never looked for"
        if look.silence:
            return f"the DUT does not say how {worker} is ({look.silence})"
        shown = ", ".join(map(str, sorted(look.pids)))
        return f"{worker} is process {shown}" if shown else f"{worker} has no process"


def _reported(table: object, worker: str) -> frozenset[int]:
    one = table.get(worker) if isinstance(table, dict) else None
    pid = one.get("pid") if isinstance(one, dict) else one
    return frozenset({pid} if isinstance(pid, int) and not isinstance(pid, bool) else ())
