"""
Whether a drill's alert could come at all.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness import clock
from harness.assemble import assembled
from harness.config.drill import load_drill, probe_of
from harness.engine.alert_sources import alert_sources
from harness.model.drill import AlertSpec, DrillSpec, ProbeSpec
from harness.model.finding import Finding, Grade
from harness.model.rig import RigSpec
from tests import benches


def with_alert(probe: ProbeSpec | None = None) -> DrillSpec:
    return benches.drill(detected=AlertSpec(probe=probe or benches.probe(period_s=0.5), failures=3))


def asked(drills: list[DrillSpec], rig: RigSpec | None = None, monitoring: ProbeSpec | None = None) -> list[Finding]:
    async def main() -> list[Finding]:
        async with assembled(rig or benches.rig(), 1) as bench:
            return await alert_sources(bench, drills, 20.0, monitoring)

    return clock.run(main, virtual=True)


def test_a_source_that_answers_and_is_quiet_is_there_and_each_is_asked_once() -> None:
    (finding,) = asked([with_alert(), with_alert(), benches.drill()])

    assert (finding.subject, finding.grade) == ("http probes.health", Grade.OK)
    assert finding.measured.endswith("ms, and is quiet")


@pytest.mark.parametrize(
    ("unit", "told"),
    [({"boot_s": 99.0}, "did not answer"), ({"defect": "never_steady"}, "would raise an alert already")],
)
def test_one_that_is_silent_or_raises_an_alert_already_is_not(unit: dict[str, Any], told: str) -> None:
    (finding,) = asked([with_alert()], benches.rig(unit=unit))

    assert finding.grade is Grade.FAIL
    assert finding.measured.startswith(told)
    assert finding.measured.endswith("for 20 s")


def test_without_an_alert_nobody_can_tell() -> None:
    (finding,) = asked([benches.drill()])

    assert (finding.grade, finding.advice) == (Grade.CANNOT_TELL, "have a person tick the item")


def test_what_only_speaks_by_itself_is_believed_by_the_monitoring_s_own_word() -> None:
    head = ('detected={kind="alertmanager", role="alerts"}',)
    drill = load_drill("power-outage", head)
    monitoring = probe_of({"kind": "http", "role": "probes.health", "timeout": "1 s"})

    assert [finding.grade for finding in asked([drill])] == [Grade.CANNOT_TELL]
    assert [finding.grade for finding in asked([drill], monitoring=monitoring)] == [Grade.OK, Grade.OK]
    dead = benches.rig(unit={"boot_s": 99.0})
    assert [finding.grade for finding in asked([drill], dead, monitoring)] == [Grade.FAIL, Grade.OK]


def test_the_monitoring_is_not_asked_where_every_source_can_be() -> None:
    nobody = replace(benches.probe(), role="probes.nobody")

    (finding,) = asked([with_alert()], monitoring=nobody)

    assert finding.grade is Grade.OK
