"""
The figures of one run for a Prometheus, by the textfile collector of its node exporter.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..model.evidence import NO_EVIDENCE, Evidence
from ..model.recovery import BOUNDS_S, recoveries_s
from ..model.run import Run
from ..model.verdict import Verdict


class Textfile:
    """
    What a host tells of all runs in /metrics, of this one: how long its recoveries took, whether it was a failure of
    its component, and its verdict.
    """

    format = "prometheus"
    suffix = ".prom"

    @staticmethod
    def render(run: Run, evidence: Evidence = NO_EVIDENCE) -> str:
        """
        Prometheus's text format.
        """
        return "".join(f"{line}\n" for line in (*_recovery(run), *_failures(run), *_runs(run)))


def _recovery(run: Run) -> Iterator[str]:
    name, took_s = "chaos_recovery_time_seconds", recoveries_s(run)
    of = {"chaos_type": run.head.chaos_type, "severity": run.head.severity}
    yield f"# TYPE {name} histogram"
    for bound_s in BOUNDS_S:
        yield _sample(f"{name}_bucket", sum(one_s <= bound_s for one_s in took_s), **of, le=str(bound_s))
    yield _sample(f"{name}_bucket", len(took_s), **of, le="+Inf")
    yield _sample(f"{name}_count", len(took_s), **of)
    yield _sample(f"{name}_sum", sum(took_s), **of)


def _failures(run: Run) -> Iterator[str]:
    name = "chaos_failures_total"
    yield f"# TYPE {name} counter"
    yield _sample(name, run.verdict is Verdict.DEVIATED, chaos_type=run.head.chaos_type, component=run.head.component)


def _runs(run: Run) -> Iterator[str]:
    name = "crashbench_runs_total"
    yield f"# TYPE {name} counter"
    for verdict in Verdict:
        yield _sample(name, run.verdict is verdict, verdict=verdict.value)


def _sample(name: str, value: float, **labels: str) -> str:
    inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{inside}}} {float(value)}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
