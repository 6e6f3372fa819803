"""
Alerts that others raise, and fail-over: what of a whole trial in virtual time they change.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import anyio
import pytest

from harness import clock, plugins
from harness.assemble import Assembly
from harness.config.drill import load_drill
from harness.engine.drill import DrillRun
from harness.engine.watch import Alert
from harness.errors import UsageError
from harness.model.alert import Alert as Told
from harness.model.alert import HeardAlert
from harness.model.drill import AlertSpec, DrillSpec, ProbeSpec
from harness.model.instant import Instant, Span
from harness.model.rig import RigSpec
from harness.model.verdict import Verdict
from harness.protocols import HttpAnswer
from tests.benches import Played, drill, fault, play, rig
from tests.engine.test_watch import Scripted, spec

S = clock.NS_PER_S
MS = 10**6

Beside = Callable[[DrillRun, Assembly], Awaitable[None]]


def asks(kind: str, role: str, **config: Any) -> ProbeSpec:
    built = plugins.load("probes", kind).Config(**config)
    return ProbeSpec(name=kind, kind=kind, role=role, period_s=0.1, timeout_s=0.5, config=built)


def alerted(*, for_s: float = 0.3, criteria: tuple[str, ...] = ("time_to_detect < 10 s",), **changes: Any) -> DrillSpec:
    """
    A cut that the rig's monitoring is to notice.
    """
    detected = AlertSpec(probe=asks("alertmanager", "alerts", alertname="DutDown"), failures=1)
    return drill([fault(for_s=for_s, at_s=1.0)], criteria=criteria, detected=detected, **changes)


def comes(after_s: float, name: str = "DutDown") -> Beside:
    """
    An alert that comes at a moment of the run, whatever the DUT does.
    """

    async def come(_: DrillRun, bench: Assembly) -> None:
        await anyio.sleep(after_s)
        alert = Told(key="given", is_firing=True, labels={"alertname": name})
        pager: Any = bench.devices["pager"]
        pager._heard.append(HeardAlert(alert=alert, at=Instant.exactly(clock.now_ns())))

    return come


QUICK = {"unit": {"boot_s": 1.0}}


def test_an_alert_of_others_is_the_detection_at_the_moment_it_came() -> None:
    played = play(alerted(), rig(unit={"boot_s": 8.0}))
    assert played.verdict is Verdict.HELD
    found = played.trial.instants.detected
    assert found is not None
    assert found.width_ns == 0
    # Looked at every second, three bad ones in a row, 50 ms on the way.
    span = played.trial.duration("time_to_detect")
    assert span is not None
    assert 2 * S < span.low_ns < 3.1 * S


def test_one_that_never_comes_is_waited_for_until_the_target_and_no_longer() -> None:
    played = play(alerted(), rig(**QUICK))
    assert played.trial.instants.detected is None
    span, effective = played.trial.duration("time_to_detect"), played.trial.instants.fault_effective
    assert span is not None
    assert effective is not None
    assert span.is_censored
    assert span.low_ns >= 10 * S
    assert played.verdict is Verdict.DEVIATED
    assert played.ended_ns < effective.latest_ns + 11 * S
    assert played.trial.duration("time_to_recover") is None


def test_where_no_criterion_asks_for_one_nobody_waits_for_it() -> None:
    played = play(alerted(criteria=("recovery_from_removal < 60 s",)), rig(**QUICK))
    assert played.verdict is Verdict.HELD
    assert played.ended_ns < 6 * S


def test_one_that_is_owed_although_nothing_was_lost_is_missed() -> None:
    spec = replace(alerted(), faults=(fault("noop", at_s=1.0),), expects_loss=False)
    assert play(spec, rig(**QUICK)).verdict is Verdict.DEVIATED
    told = play(spec, rig(**QUICK), beside=comes(5))
    assert told.trial.instants.steady_lost is None
    assert told.verdict is Verdict.HELD


def test_one_that_comes_when_all_is_over_leaves_nothing_to_recover_from() -> None:
    played = play(alerted(criteria=("time_to_detect < 20 s", "time_to_recover < 5 s")), rig(**QUICK), beside=comes(9))
    assert played.trial.duration("time_to_recover") == Span(0, 0)
    assert played.verdict is Verdict.HELD
    assert not played.run.notes


def test_an_alert_that_fires_already_detects_nothing() -> None:
    played = play(alerted(settle_s=3.0), rig(**QUICK), beside=comes(0))
    assert (played.verdict, played.trial.reason) == (Verdict.INCONCLUSIVE, "the alert fired before anything was done")


def test_an_alert_that_comes_just_before_the_fault_detects_nothing() -> None:
    played = play(alerted(), rig(**QUICK), beside=comes(1.5))
    reason = "the alert came before anything was done: DutDown"
    assert (played.verdict, played.trial.reason) == (Verdict.INCONCLUSIVE, reason)
    assert played.is_fed


def test_an_alert_of_another_name_is_none() -> None:
    played = play(alerted(), rig(unit={"boot_s": 8.0}), beside=comes(0, "Other"))
    assert played.verdict is Verdict.HELD


# --- a state that is looked at ----------------------------------------------------------------------------------------


class State(Scripted):
    is_of_others = True


def fired(*script: Any) -> tuple[int, int] | None:
    """
    The instant, in whole milliseconds.
    """

    async def main() -> tuple[int, int] | None:
        alert = Alert(AlertSpec(probe=spec(), failures=1), State(*script))
        with anyio.move_on_after(5):
            await alert.until_quiet()
            at = await alert.until_fired()
            return at.earliest_ns // MS, at.latest_ns // MS
        return None

    return clock.run(main, virtual=True)


GOOD, BAD, SILENT = (0.003, True), (0.003, False), None


def test_what_fires_elsewhere_did_so_between_the_last_quiet_question_and_the_first_answer_that_was_not() -> None:
    # Quiet when asked at 0 ms; asked again at once for the trial, and then every 100 ms.
    assert fired(GOOD, GOOD, BAD) == (3, 106)


def test_who_cannot_be_asked_has_raised_no_alert() -> None:
    assert fired(GOOD, GOOD, SILENT, SILENT) is None
    assert fired(GOOD, GOOD, SILENT, BAD) == (3, 206)


def test_what_fires_from_the_start_is_never_quiet() -> None:
    assert fired(*[BAD] * 100) is None


# --- whole trials that such a state detects --------------------------------------------------------------------------


def detected_by(spec: ProbeSpec, *, rig_spec: RigSpec, opened: Callable[[Assembly], object] = lambda _: None) -> Played:
    """
    A cut of the power that a state which is looked at is to show, within five seconds.
    """
    alert = AlertSpec(probe=spec, failures=1)
    criteria = ("time_to_detect < 5 s", "time_to_recover < 60 s")
    return play(drill([fault(for_s=2.0, at_s=1.0)], criteria=criteria, detected=alert), rig_spec, opened=opened)


def test_a_field_of_the_duts_health_is_the_detection_when_it_says_so() -> None:
    # The model says of itself only that it was booted again.
    rebooted = asks("health_field", "probes.health", field="boot_id", not_equals=("00000002",))
    played = detected_by(rebooted, rig_spec=rig(**QUICK))
    found, truth = played.trial.instants.detected, played.trial.truth
    assert played.verdict is Verdict.HELD
    assert found is not None
    assert truth is not None
    assert found.holds(truth["ready"])
    # Silence was no alert: the last quiet answer was before the cut.
    assert found.earliest_ns < truth["steady_lost"]


def test_a_field_that_never_says_so_is_a_missed_detection() -> None:
    quiet = asks("health_field", "probes.health", field="boot_id", not_equals=("00000009",))
    played = detected_by(quiet, rig_spec=rig(**QUICK))
    assert played.trial.instants.detected is None
    assert played.verdict is Verdict.DEVIATED


def with_a_prometheus() -> RigSpec:
    """
    The `sim` rig with one more service.
    """
    one = rig(**QUICK)
    devices = {**one.devices, "prometheus": replace(one.devices["health"], name="prometheus")}
    dut = one.duts["edge"]
    return replace(
        one, devices=devices, duts={"edge": replace(dut, roles={**dut.roles, "probes.prometheus": "prometheus"})}
    )


def scraping(bench: Assembly) -> None:
    """
    Has that service answer `up == 0` as a Prometheus that scrapes the unit does: with a series while it is down.
    """
    health: Any = bench.devices["health"]

    async def request(method: str, path: str, body: bytes = b"") -> HttpAnswer:
        assert (method, path) == ("GET", "/api/v1/query?query=up%20%3D%3D%200")
        await anyio.sleep(0.002)
        (_, answer), *_ = health.samples(clock.now_ns())
        result = [{"metric": {"instance": "edge"}, "value": [0, "0"]}] if answer is None else []
        told = {"status": "success", "data": {"resultType": "vector", "result": result}}
        return HttpAnswer(200, json.dumps(told).encode())

    vars(bench.devices["prometheus"])["request"] = request


def test_a_query_to_a_prometheus_is_the_detection_when_it_finds_something() -> None:
    query = asks("prometheus", "probes.prometheus", query="up == 0")
    played = detected_by(query, rig_spec=with_a_prometheus(), opened=scraping)
    found, truth = played.trial.instants.detected, played.trial.truth
    assert played.verdict is Verdict.HELD, played.error or played.run.reason
    assert found is not None
    assert truth is not None
    assert found.holds(truth["steady_lost"])
    assert found.width_ns < 200 * MS


# --- fail-over --------------------------------------------------------------------------------------------------------


def failing_over(to: str, **changes: Any) -> DrillSpec:
    """
    A cut after which a model of a unit says that it is another boot: the nearest to another path that it has.
    """
    failed_over = asks("health_field", "probes.health", field="boot_id", equals=(to,))
    return drill([fault(for_s=2.0)], criteria=("time_to_fail_over < 1 s",), failed_over=failed_over, **changes)


def test_it_has_failed_over_with_the_first_good_answer_after_the_last_bad_question() -> None:
    played = play(failing_over("00000002"), rig(**QUICK))
    over, ready = played.trial.instants.failed_over, played.trial.instants.ready
    truth = played.trial.truth
    assert over is not None
    assert ready is not None
    assert truth is not None
    assert over.holds(truth["ready"])
    assert over.holds(truth["failed_over"])
    assert over.width_ns < 600 * MS
    # It took until the power was back.
    assert played.verdict is Verdict.DEVIATED


def test_one_that_never_does_was_awaited_until_the_fault_was_gone() -> None:
    played = play(failing_over("00000009"), rig(**QUICK))
    span, instants = played.trial.duration("time_to_fail_over"), played.trial.instants
    assert span is not None
    assert instants.fault_effective is not None
    assert instants.removal_commanded is not None
    assert span == Span(instants.removal_commanded.earliest_ns - instants.fault_effective.latest_ns, None)
    assert "failed_over" not in (played.trial.truth or {})
    assert played.verdict is Verdict.DEVIATED
    assert played.run.criteria[0].low is not None


def test_one_that_is_owed_although_nothing_was_lost_is_censored_too() -> None:
    spec = replace(failing_over("00000009"), faults=(fault("noop", for_s=2.0),), expects_loss=False)
    played = play(spec, rig(**QUICK))
    assert played.trial.duration("time_to_fail_over") is not None
    assert played.verdict is Verdict.DEVIATED


def test_a_service_that_runs_by_the_other_path_already_cannot_fail_over() -> None:
    played = play(failing_over("00000001", settle_s=3.0), rig(**QUICK))
    reason = "the service ran by the other path before anything was done"
    assert (played.verdict, played.trial.reason) == (Verdict.INCONCLUSIVE, reason)


# --- files ------------------------------------------------------------------------------------------------------------


def loaded(*overrides: str) -> DrillSpec:
    return load_drill("power-outage", overrides)


def test_an_alert_of_others_has_no_rule_of_ours() -> None:
    given = loaded('detected={kind="alertmanager", role="alerts", labels={severity="page"}}')
    assert given.detected is not None
    assert given.detected.failures == 1
    with pytest.raises(UsageError, match=r"detected\.failures.*not ours"):
        loaded('detected={kind="alertmanager", role="alerts", failures=2}')


def test_a_drill_says_how_it_is_seen_to_have_failed_over() -> None:
    given = loaded(
        'failed_over={kind="health_field", role="probes.health", field="uplink", equals=["lte"], timeout="1 s"}'
    )
    assert given.failed_over is not None
    assert given.failed_over.config.equals == ("lte",)  # type: ignore[attr-defined]
    with pytest.raises(UsageError, match=r"failed_over\.field: missing"):
        loaded('failed_over={kind="health_field", role="probes.health"}')


METRICS = """steady_state=[{kind="metric", role="probes.health", timeout="1 s", values=[
    {name="cache_hit_ratio", metric="hits_total", take="ratio", of=["hits_total", "misses_total"]},
    {name="worker_back_within", metric="worker_up", take="below"},
    {name="worker_restarts_per_minute", metric="restarts_total", take="per_minute"}]}]"""


@pytest.mark.parametrize(
    ("expr", "limit"),
    [
        ("cache_hit_ratio > 80 %", 0.8),
        ("worker_back_within < 5 s", 5.0),
        ("worker_back_within < 5 min", 300.0),
        ("worker_restarts_per_minute < 10", 10.0),
    ],
)
def test_criteria_name_what_a_drills_own_file_measures_in_its_own_unit(expr: str, limit: float) -> None:
    given = loaded(METRICS.replace("\n", ""), f'criteria=[{{expr="{expr}"}}]')
    assert given.criteria[0].limit == limit


@pytest.mark.parametrize(
    "expr", ["cache_hit_ratio > 5 s", "worker_back_within < 5", "worker_restarts_per_minute < 1 s"]
)
def test_a_limit_in_another_unit_is_told(expr: str) -> None:
    with pytest.raises(UsageError):
        loaded(METRICS.replace("\n", ""), f'criteria=[{{expr="{expr}"}}]')
