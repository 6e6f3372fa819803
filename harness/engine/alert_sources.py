"""
Whether the monitoring that a drill counts on is there at all.
"""

from __future__ import annotations

from collections.abc import Sequence

import anyio

from .. import clock
from ..errors import BenchError
from ..model.drill import DrillSpec, ProbeSpec
from ..model.finding import Finding, Grade
from ..protocols import Announced, NoAnswer, Probe
from .bench import Bench

CHECK = "monitoring"


async def alert_sources(
    bench: Bench, drills: Sequence[DrillSpec], within_s: float, monitoring: ProbeSpec | None
) -> list[Finding]:
    """
    Asks every source of an alert that the drills name, until it answers and is quiet, for `within_s` seconds at most.

    A source that speaks by itself cannot be asked: `monitoring` is asked for it.
    """
    sources = sources_of(drills)
    if not sources:
        told = "no drill here has a [detected] that could be asked"
        advice = "have a person tick the item"
        return [Finding(check=CHECK, subject="alerts", measured=told, grade=Grade.CANNOT_TELL, advice=advice)]
    found = []
    if monitoring is not None and speaks_by_itself(bench, drills):
        found.append(await _asked(monitoring, bench.probe(monitoring), within_s))
    for spec in sources:
        probe = bench.probe(spec)
        finding = (
            _heard(spec, probe, monitoring) if isinstance(probe, Announced) else await _asked(spec, probe, within_s)
        )
        found += [] if finding in found else [finding]  # many alerts may come to one ear
    return found


def speaks_by_itself(bench: Bench, drills: Sequence[DrillSpec]) -> bool:
    """
    Whether any of the alerts' sources can only be listened to.
    """
    return any(isinstance(bench.probe(spec), Announced) for spec in sources_of(drills))


def sources_of(drills: Sequence[DrillSpec]) -> list[ProbeSpec]:
    """
    Each source of an alert once.
    """
    found: list[ProbeSpec] = []
    for drill in drills:
        if drill.detected is not None and drill.detected.probe not in found:
            found.append(drill.detected.probe)
    return found


def _heard(spec: ProbeSpec, probe: Announced, monitoring: ProbeSpec | None) -> Finding:
    """
    A source that can only be listened to: the bench does, and nothing is told already.
    """
    subject = f"{spec.kind} {spec.role}"
    if monitoring is None:
        told = "it only listens: whether anybody would speak to it cannot be asked"
        advice = "name a `probe` of the monitoring itself, or have a person tick the item"
        return Finding(check=CHECK, subject=subject, measured=told, grade=Grade.CANNOT_TELL, advice=advice)
    stands = probe.attend()
    if stands:
        return Finding(check=CHECK, subject=subject, measured=f"told already: {stands}", grade=Grade.FAIL)
    return Finding(check=CHECK, subject=subject, measured="listens, and is quiet", grade=Grade.OK)


async def _asked(spec: ProbeSpec, probe: Probe, within_s: float) -> Finding:
    subject = f"{spec.kind} {spec.role}"
    problem = "did not answer"
    with anyio.move_on_after(within_s):
        while True:
            asked_ns = clock.now_ns()
            problem = await _once(spec, probe)
            if not problem:
                took_ms = (clock.now_ns() - asked_ns) / 1e6
                told = f"answered within {took_ms:.1f} ms, and is quiet"
                return Finding(check=CHECK, subject=subject, measured=told, grade=Grade.OK)
            await clock.sleep_until(asked_ns + round(spec.period_s * clock.NS_PER_S))
    return Finding(check=CHECK, subject=subject, measured=f"{problem}, for {within_s:g} s", grade=Grade.FAIL)


async def _once(spec: ProbeSpec, probe: Probe) -> str:
    """
    Asks once; what was wrong with the answer.
    """
    with anyio.move_on_after(spec.timeout_s):
        try:
            return "" if await probe.ask() else "would raise an alert already"
        except (NoAnswer, BenchError) as error:
            return f"did not answer ({error})"
    return f"did not answer within {spec.timeout_s:g} s"
