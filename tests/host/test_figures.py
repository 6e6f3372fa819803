"""
Figures: what Prometheus reads of the runs that have ended.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from harness import clock
from harness.host.figures import Figures
from harness.model.instant import Instant
from harness.model.run import Run
from harness.model.trial import Instants, Trial
from harness.model.verdict import TrialVerdict, Verdict
from tests.store.recorded import NS, head, held, write


def run_of(*recoveries_s: float | None, verdict: Verdict = Verdict.HELD) -> Run:
    """
    A run whose trials took so long from removal to ready; None is one that got stuck.
    """
    return Run(head=head(), trials=tuple(_trial(*it) for it in enumerate(recoveries_s)), verdict=verdict, ended=True)


def _trial(index: int, recovery_s: float | None) -> Trial:
    removed = Instant(NS, NS)
    ready = None if recovery_s is None else Instant(round((1 + recovery_s) * NS) - 1000, round((1 + recovery_s) * NS))
    verdict = TrialVerdict.STUCK if ready is None else TrialVerdict.RECOVERED
    instants = Instants(removal_effective=removed, steady_lost=removed, ready=ready)
    return Trial(index=index, verdict=verdict, instants=instants, watched_until_ns=99 * NS)


def values(figures: Figures) -> dict[str, float]:
    found = text_string_to_metric_families(figures.text().decode())
    samples = [sample for family in found for sample in family.samples]
    return {s.name + "".join(f",{k}={v}" for k, v in sorted(s.labels.items())): s.value for s in samples}


def test_recovery_times_are_counted_by_type_and_severity_and_the_stuck_have_none() -> None:
    figures = Figures()
    figures.count(run_of(4.0, 20.0, None, verdict=Verdict.DEVIATED))
    seen = values(figures)
    labels = ",chaos_type=power,severity=P1"
    assert seen[f"chaos_recovery_time_seconds_count{labels}"] == 2
    assert seen[f"chaos_recovery_time_seconds_sum{labels}"] == 24
    assert seen["chaos_recovery_time_seconds_bucket,chaos_type=power,le=5.0,severity=P1"] == 1


def test_a_run_that_deviated_is_a_failure_of_its_component_and_another_is_none() -> None:
    figures = Figures()
    for verdict in (Verdict.HELD, Verdict.INCONCLUSIVE, Verdict.DEVIATED, Verdict.DEVIATED):
        figures.count(replace(run_of(1.0), verdict=verdict))
    seen = values(figures)
    assert seen["chaos_failures_total,chaos_type=power,component=supply"] == 2
    runs = {verdict.value: seen[f"crashbench_runs_total,verdict={verdict}"] for verdict in Verdict}
    assert runs == {"held": 1, "deviated": 2, "inconclusive": 1}


def test_every_verdict_is_there_before_it_happens() -> None:
    assert [values(Figures())[f"crashbench_runs_total,verdict={verdict}"] for verdict in Verdict] == [0, 0, 0]


def test_what_is_going_on_is_asked_at_each_reading() -> None:
    figures, active = Figures(), iter([1, 0])
    figures.watch(lambda: next(active))
    assert [values(figures)["crashbench_run_active"] for _ in range(2)] == [1, 0]


def test_what_is_on_record_is_counted_once_whoever_carried_it_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path))

    async def main() -> list[float]:
        figures, found = Figures(), []
        for name in ("first", "second", ""):
            if name:
                write(tmp_path / "runs", held(name))
            await figures.catch_up()
            found.append(values(figures)["crashbench_runs_total,verdict=held"])
        return found

    assert clock.run(main) == [1, 2, 2]


def test_a_run_that_has_not_ended_is_not_counted_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path))
    write(tmp_path / "runs", held("killed"), end=False)

    async def main() -> float:
        figures = Figures()
        await figures.catch_up()
        return sum(values(figures)[f"crashbench_runs_total,verdict={verdict}"] for verdict in Verdict)

    assert clock.run(main) == 0
