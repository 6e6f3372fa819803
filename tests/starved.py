"""
How long a process stood ready and was given no processor: what a busy machine took from it is no lateness of its own.
"""

from __future__ import annotations

from pathlib import Path

NS_PER_MS = 1e6


class Starved:
    """
    Counts for one process, all its threads together, from now on. A kernel that does not tell (`schedstat`) counts 0.
    """

    def __init__(self, pid: int) -> None:
        self._tasks = Path(f"/proc/{pid}/task")
        self._before_ns = self._waited_ns()

    @property
    def ms(self) -> float:
        """
        So long since it was made.
        """
        return max(0, self._waited_ns() - self._before_ns) / NS_PER_MS

    def _waited_ns(self) -> int:
        # Documentation/scheduler/sched-stats.rst: time on the processor, time spent waiting for it, timeslices; in ns.
        stats = [each.read_text(encoding="ascii").split() for each in self._tasks.glob("*/schedstat")]
        return sum(int(waited) for _, waited, _ in stats)
