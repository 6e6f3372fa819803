"""
What Prometheus reads: figures of the runs that are on record, whoever carried them out.
"""

from __future__ import annotations

from collections.abc import Callable

import anyio
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from ..model.recovery import BOUNDS_S, recoveries_s
from ..model.run import Run
from ..model.verdict import Verdict
from ..store.home import home
from ..store.index import Index
from ..store.record import load

MEDIA_TYPE = CONTENT_TYPE_LATEST


class Figures:
    """
    A registry of its own, so that nothing else of the process is in it. Each run is counted once: of one that is
    carried out again in virtual time, and so has the same record, nothing new is known.
    """

    def __init__(self) -> None:
        self._counted: set[str] = set()
        self._turn = anyio.Lock()
        self._registry = CollectorRegistry()
        self._recovery_s = Histogram(
            "chaos_recovery_time_seconds",
            "From the proven removal of the fault until the DUT is ready, at most; one that got stuck has none.",
            ("chaos_type", "severity"),
            buckets=BOUNDS_S,
            registry=self._registry,
        )
        self._failures = Counter(
            "chaos_failures_total",
            "Runs in which the DUT did not do what the drill's hypothesis says.",
            ("chaos_type", "component"),
            registry=self._registry,
        )
        self._runs = Counter("crashbench_runs_total", "Runs that ended.", ("verdict",), registry=self._registry)
        self._active = Gauge("crashbench_run_active", "Runs that are going on.", registry=self._registry)
        for verdict in Verdict:
            self._runs.labels(verdict.value)

    def watch(self, active: Callable[[], int]) -> None:
        """
        Has `active` asked, at each reading, how many runs are going on.
        """
        self._active.set_function(active)

    async def catch_up(self) -> None:
        """
        Takes in every run that has ended since. Raises RecordError.
        """
        async with self._turn:
            for run in await anyio.to_thread.run_sync(_ended, frozenset(self._counted)):
                self.count(run)

    def count(self, run: Run) -> None:
        """
        Takes in a run that has ended.
        """
        head = run.head
        self._counted.add(head.run_id)
        self._runs.labels(run.verdict.value).inc()
        recovery_s = self._recovery_s.labels(head.chaos_type, head.severity)
        for took_s in recoveries_s(run):
            recovery_s.observe(took_s)
        failures = self._failures.labels(head.chaos_type, head.component)
        if run.verdict is Verdict.DEVIATED:
            failures.inc()

    def text(self) -> bytes:
        """
        Everything, in Prometheus's text format.
        """
        return generate_latest(self._registry)


def _ended(counted: frozenset[str]) -> list[Run]:
    """
    The runs on record that have ended, but for those.
    """
    with Index.open(home()) as index:
        rows = index.rows(limit=None)
    return [load(row.run_id) for row in rows if row.ended and row.run_id not in counted]
