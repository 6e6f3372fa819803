"""
A dry run: what a drill would switch on a rig, and when.
"""

from __future__ import annotations

from collections.abc import Iterator

from .. import clock
from ..assemble import Assembly, Opening, assembled
from ..config.drill import load_drill
from ..config.rig import load_rig
from ..engine.guard import Guard
from ..errors import Refused
from ..model.drill import DrillSpec


def plan(drill: str, rig: str, overrides: tuple[str, ...]) -> list[str]:
    """
    The lines of a dry run. Raises UsageError for what the files get wrong; opens no device.
    """
    rig_spec, drill_spec = load_rig(rig), load_drill(drill, overrides)

    async def main() -> list[str]:
        async with assembled(rig_spec, opening=Opening.CHECK) as bench:
            bench.check(drill_spec)
            return list(_lines(drill_spec, bench))

    return clock.run(main, virtual=rig_spec.is_virtual)


def _lines(drill: DrillSpec, bench: Assembly) -> Iterator[str]:
    rig = bench.rig
    yield f"{drill.title} ({drill.path.name}) on {rig.path.name} [{bench.wiring}], environment {rig.environment}"
    yield f"  {drill.trials.count} trial(s); each waits up to {drill.settle_s:g} s for the steady state:"
    for probe in drill.steady_state:
        yield f"    {probe.kind} {probe.role} every {probe.period_s:g} s, time-out {probe.timeout_s:g} s"
    for fault in drill.faults:
        for after_s, what in bench.fault(fault).plan():
            yield f"  t = {fault.at_s + after_s:8.3f} s  {fault.kind} {fault.role}: {what}"
    yield f"  then watches up to {drill.watch_s:g} s for a steady state that holds {drill.hold_s:g} s"
    for criterion in drill.criteria:
        yield f"  criterion: {criterion.expr}"
    try:
        Guard(rig).admit(drill, bench)
    except Refused as refusal:
        yield f"  the guard would refuse: {refusal}"
