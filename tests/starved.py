"""
How long a process stood ready and was given no processor: what a busy machine took from it is no lateness of its own.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

NS_PER_MS = 1e6
NS_PER_TICK = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


class Starved:
    """
    Counts from now on, for all of a process's threads; also what this machine was kept waiting for a processor of its
    host's. Once a thread or the process has ended, it stands at what was counted of it at the last look.

    A kernel that does not tell (`schedstat`) counts 0.
    """

    def __init__(self, pid: int) -> None:
        self._threads = Path(f"/proc/{pid}/task")
        self._waited_ns: dict[str, int] = {}
        self._before_ns = self._count_ns()

    @property
    def ms(self) -> float:
        """
        So long since it was made.
        """
        return (self._count_ns() - self._before_ns) / NS_PER_MS

    def _count_ns(self) -> int:
        with suppress(FileNotFoundError, ProcessLookupError):
            for thread in self._threads.iterdir():
                # Documentation/scheduler/sched-stats.rst: time on a processor, time waiting for one, timeslices; in ns.
                with suppress(FileNotFoundError, ProcessLookupError):
                    self._waited_ns[thread.name] = int((thread / "schedstat").read_text("ascii").split()[1])
        return sum(self._waited_ns.values()) + _stolen_ns()


def _stolen_ns() -> int:
    # proc(5): the eighth figure of the first line, in ticks of the kernel, over all processors.
    with suppress(FileNotFoundError):
        return int(Path("/proc/stat").read_text("ascii").split(maxsplit=9)[8]) * NS_PER_TICK
    return 0
