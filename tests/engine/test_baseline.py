"""
A DUT that is left in peace is measured; one that is not steady says so.
"""

from __future__ import annotations

from dataclasses import replace

from harness import clock
from harness.assemble import assembled
from harness.engine.baseline import baseline
from harness.model.drill import DrillSpec
from harness.model.finding import Finding, Grade
from harness.model.rig import RigSpec
from tests import benches


def measured(drills: list[DrillSpec], rig: RigSpec | None = None, for_s: float = 5.0) -> dict[str, Finding]:
    async def main() -> list[Finding]:
        async with assembled(rig or benches.rig(), 1) as bench:
            return await baseline(bench, drills, for_s)

    return {finding.subject: finding for finding in clock.run(main, virtual=True)}


def test_each_probe_is_counted_and_each_rail_is_looked_at() -> None:
    found = measured([benches.drill(), benches.drill(probes=[benches.probe(), benches.probe("tcp", period_s=0.5)])])

    assert list(found) == ["probes.health (http)", "probes.port (tcp)", "rail edge"]
    assert {finding.grade for finding in found.values()} == {Grade.OK}
    # 5 s at 0.1 s: the same probe in two drills is one.
    assert found["probes.health (http)"].measured.startswith("0 of 50 failed (0 %, at 95 % confidence at most 5.82 %)")
    assert "ms at the median" in found["probes.port (tcp)"].measured
    assert found["rail edge"].measured.startswith("5.000 V, 5.000 … 5.000 V; 250.0 mA")


def test_a_unit_that_is_not_steady_is_told_with_what_is_wrong() -> None:
    drill = benches.drill(settle_s=20.0)

    (booting,) = measured([benches.drill(settle_s=1.0)]).values()
    (unwell,) = measured([drill], benches.rig(unit={"defect": "never_steady"})).values()

    assert (booting.grade, unwell.grade) == (Grade.FAIL, Grade.FAIL)
    assert booting.measured == "steady state not met: connection refused"
    assert unwell.measured == "steady state not met: unwell"


def test_the_time_may_be_too_short_for_a_probe() -> None:
    found = measured([benches.drill(probes=[replace(benches.probe(), period_s=60.0)], settle_s=90.0)], for_s=1.0)

    assert found["probes.health (http)"].grade is Grade.FAIL
    assert "every 60 s" in found["probes.health (http)"].measured
