"""
How long a process stood ready and was given no processor: what a busy machine took from it is no lateness of its own.
"""

from __future__ import annotations

from pathlib import Path

NS_PER_MS = 1e6


class Starved:
    """
    Counts for one process's first thread, from now on. A kernel that does not tell (`schedstat`) counts 0.
    """

    def __init__(self, pid: int) -> None:
        self._told = Path(f"/proc/{pid}/schedstat")
        self._before_ns = self._waited_ns()

    @property
    def ms(self) -> float:
        """
        So long since it was made.
        """
        return max(0, self._waited_ns() - self._before_ns) / NS_PER_MS

    def _waited_ns(self) -> int:
        # Documentation/scheduler/sched-stats.rst: time on the processor, time spent waiting for it, timeslices; in ns.
        return int(self._told.read_text(encoding="ascii").split()[1]) if self._told.exists() else 0
