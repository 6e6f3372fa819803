"""
Runs and events survive their JSON.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.model import codec
from harness.model.criterion import Judged
from harness.model.event import Event
from harness.model.instant import Instant, Span
from harness.model.run import SCHEMA, Run, RunHead
from harness.model.trial import Trial
from harness.model.verdict import Verdict
from tests.model import strategies

NAN = float("nan")


def through_text(value: object) -> object:
    return json.loads(json.dumps(value, allow_nan=False))


@given(strategies.events)
def test_an_event_survives(event: Event) -> None:
    assert codec.event_from_json(through_text(codec.event_to_json(event))) == event


@given(st.none() | strategies.instants)
def test_an_instant_survives(instant: Instant | None) -> None:
    assert codec.instant_from_json(through_text(codec.instant_to_json(instant))) == instant


@given(strategies.trials)
def test_a_trial_survives_to_the_nanosecond(trial: Trial) -> None:
    assert codec.trial_from_json(through_text(codec.trial_to_json(trial))) == trial


@given(strategies.heads)
def test_a_head_survives(head: RunHead) -> None:
    assert codec.run_head_from_json(through_text(codec.run_head_to_json(head))) == head


@given(strategies.judged)
def test_a_judged_criterion_survives(judged: Judged) -> None:
    assert codec.judged_from_json(through_text(codec.judged_to_json(judged))) == judged


@given(strategies.heads)
@settings(max_examples=5)
def test_a_head_from_a_newer_bench_is_refused(head: RunHead) -> None:
    newer = {**codec.run_head_to_json(head), "schema": SCHEMA + 1}

    with pytest.raises(ValueError, match="use a newer one"):
        codec.run_head_from_json(newer)


@given(strategies.runs)
@settings(max_examples=30)
def test_the_same_run_gives_the_same_bytes(run: Run) -> None:
    text = codec.dumps(run)

    assert codec.dumps(replace(run)) == text
    assert text.endswith("}\n")
    assert text.isascii()


RUN = "schema run_id drill rig seed environment versions dut verdict reason repeat_command trials criteria deviations"
TRIAL = "index verdict reason instants durations"
INSTANTS = (
    "fault_commanded fault_effective steady_lost detected failed_over removal_commanded removal_effective first_sign "
    "ready"
)
DURATIONS = (
    "time_to_detect time_to_detect_from_effect time_to_fail_over time_to_recover recovery_from_removal downtime "
    "actuation hold_up boot"
)


@given(strategies.runs)
@settings(max_examples=30)
def test_the_public_json_has_the_promised_keys_in_their_order(run: Run) -> None:
    public = json.loads(codec.dumps(run))

    assert " ".join(public) == RUN
    assert " ".join(public["dut"]) == "name version"
    for trial, shown in zip(run.trials, public["trials"], strict=True):
        sampled, played = " quantities" if trial.quantities else "", "" if trial.truth is None else " truth"
        warned = " warnings" if trial.warnings() else ""
        assert " ".join(shown) == TRIAL + sampled + warned + played
        assert all(" ".join(told) == "low high unit" for told in shown.get("quantities", {}).values())
        assert " ".join(shown["instants"]) == INSTANTS
        assert " ".join(shown["durations"]) == DURATIONS
        if trial.truth is not None:
            assert " ".join(shown["truth"]) == INSTANTS
            assert {name: ns for name, ns in shown["truth"].items() if ns is not None} == trial.truth
    assert all(" ".join(judged) == "expr verdict value low high n" for judged in public["criteria"])
    assert all(" ".join(row) == "row asked delivered measured_by why" for row in public["deviations"])


def test_a_span_is_public_in_seconds() -> None:
    assert codec.span_to_json(Span(4_206_000_000, 4_218_000_000)) == {
        "low_s": 4.206,
        "high_s": 4.218,
        "censored": False,
    }
    assert codec.span_to_json(Span(60_000_000_000, None)) == {"low_s": 60.0, "high_s": None, "censored": True}
    assert codec.span_to_json(None) is None


@given(strategies.trials)
@settings(max_examples=20)
def test_a_trial_of_a_bench_that_did_not_sample_has_no_quantities(trial: Trial) -> None:
    kept = codec.trial_to_json(trial)
    del kept["quantities"]

    assert codec.trial_from_json(through_text(kept)) == replace(trial, quantities={})


@given(strategies.heads)
@settings(max_examples=5)
def test_what_is_not_a_number_is_null_in_public_and_kept_in_the_record(head: RunHead) -> None:
    judged = Judged(expr="loss == 0", verdict=Verdict.INCONCLUSIVE, value=NAN, low=0.0, high=float("inf"), n=1)
    public = json.loads(codec.dumps(Run(head=head, criteria=(judged,))))["criteria"][0]
    kept = codec.judged_from_json(through_text(codec.judged_to_json(judged)))

    assert public["value"] is None
    assert public["high"] is None
    assert kept.value != kept.value
    assert kept.high == float("inf")
