"""
The figures of one run, as a textfile collector takes them.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from prometheus_client.parser import text_string_to_metric_families

from harness.host.figures import Figures
from harness.model.run import Run
from harness.model.verdict import Verdict
from harness.reports.textfile import Textfile
from tests.host.test_figures import run_of
from tests.model import strategies

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str) -> Samples:
    families = text_string_to_metric_families(text)
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def by_a_host(run: Run) -> Samples:
    """
    What a host tells that has no other run, without what it says of itself.
    """
    figures = Figures()
    figures.count(run)
    told = samples(figures.text().decode())
    return {key: value for key, value in told.items() if not key[0].endswith(("_created", "_active"))}


@given(strategies.runs)
@settings(max_examples=30)
def test_it_tells_of_a_run_what_a_host_does(run: Run) -> None:
    assert samples(Textfile.render(run)) == pytest.approx(by_a_host(run))


@pytest.mark.parametrize(("verdict", "failures"), [(Verdict.HELD, 0), (Verdict.INCONCLUSIVE, 0), (Verdict.DEVIATED, 1)])
def test_a_run_that_deviated_is_a_failure_of_its_component(verdict: Verdict, failures: int) -> None:
    told = Textfile.render(replace(run_of(4.0, 20.0, None), verdict=verdict))
    assert f'chaos_failures_total{{chaos_type="power",component="supply"}} {failures}.0\n' in told
    assert 'chaos_recovery_time_seconds_bucket{chaos_type="power",severity="P1",le="5.0"} 1.0\n' in told
    assert 'chaos_recovery_time_seconds_count{chaos_type="power",severity="P1"} 2.0\n' in told


def test_a_name_may_have_any_character() -> None:
    run = run_of(1.0)
    odd = 'a "b" \\ c\nd'
    told = samples(Textfile.render(replace(run, head=replace(run.head, component=odd))))
    assert ("chaos_failures_total", frozenset({("chaos_type", "power"), ("component", odd)})) in told
