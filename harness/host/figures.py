"""
What Prometheus reads: figures of the runs that this host has carried out, taken from their records.
"""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from ..model.run import Run
from ..model.verdict import Verdict

# From a flicker that a capacitor rides through to the half hour of a unit that checks its disk; the mission's targets
# (30 s and 5 min) are bounds of their own.
_BOUNDS_S = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 120, 300, 600, 1800)

MEDIA_TYPE = CONTENT_TYPE_LATEST


class Figures:
    """
    A registry of its own, so that nothing else of the process is in it. Counts begin when the host does.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._recovery_s = Histogram(
            "chaos_recovery_time_seconds",
            "From the proven removal of the fault until the DUT is ready, at most; one that got stuck has none.",
            ("chaos_type", "severity"),
            buckets=_BOUNDS_S,
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

    def count(self, run: Run) -> None:
        """
        Takes in a run that has ended.
        """
        head = run.head
        self._runs.labels(run.verdict.value).inc()
        recovery_s = self._recovery_s.labels(head.chaos_type, head.severity)
        for trial in run.trials:
            span = trial.duration("recovery_from_removal")
            if span is not None and span.high_s is not None:
                recovery_s.observe(span.high_s)
        failures = self._failures.labels(head.chaos_type, head.component)
        if run.verdict is Verdict.DEVIATED:
            failures.inc()

    def text(self) -> bytes:
        """
        Everything, in Prometheus's text format.
        """
        return generate_latest(self._registry)
