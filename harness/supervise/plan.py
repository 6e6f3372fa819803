"""
A dry run: what a drill would switch on a rig, and when.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from .. import clock
from ..assemble import Assembly, Opening, assembled
from ..config.drill import load_drill
from ..config.rig import load_rig
from ..engine.bench import Bench
from ..engine.climb import Climb
from ..engine.guard import Guard
from ..errors import Refused
from ..model.drill import DrillSpec, Ladder
from ..wiring.pin_factory import foreseen
from .dice import dice
from .places import odometer
from .request import seed_of


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
    guard = Guard(rig, odometer(rig))
    climb = Climb(drill, bench, guard, seed_of(None, virtual=True))
    trials = drill.trials.count * len(climb.rows)
    yield f"{drill.title} ({drill.path.name}) on {rig.path.name} [{bench.wiring}], environment {rig.environment}"
    yield f"  {trials} trial(s); each waits up to {drill.settle_s:g} s for the steady state:"
    for probe in drill.steady_state:
        yield f"    {probe.kind} {probe.role} every {probe.period_s:g} s, time-out {probe.timeout_s:g} s"
    yield from _strokes(climb.drill_of(0), bench) if drill.ladder is None else _rows(drill.ladder, climb, bench)
    yield f"  then watches up to {drill.watch_s:g} s for a steady state that holds {drill.hold_s:g} s"
    for criterion in drill.criteria:
        yield f"  criterion: {criterion.expr}"
    yield from _not_left(bench)
    try:
        guard.admit(drill, bench)
    except Refused as refusal:
        yield f"  the guard would refuse: {refusal}"


def _not_left(bench: Assembly) -> Iterator[str]:
    """
    The relays that would be refused, because nothing would hold them at their safe levels.
    """
    released_lines = foreseen(bench.rig)
    for switch in bench.switches():
        why_not = getattr(switch, "why_not_left", None)
        if released_lines and why_not and (why := why_not(released_lines)):
            yield f"  {switch.name} would be refused: {why}"


def _rows(ladder: Ladder, climb: Climb, bench: Bench) -> Iterator[str]:
    """
    The rows of a ladder: those that will be done with what they switch, the others with the reason.
    """
    done = len(ladder.rows) - len(climb.refused)
    yield f"  shaped after {ladder.shaped_after} ({ladder.source}): {done} of {len(ladder.rows)} rows"
    for differs in ladder.differs:
        yield f"  differs: asked {differs.asked}, delivered {differs.delivered}{differs.why and f' ({differs.why})'}"
    for row in ladder.rows:
        asked = row.asked + (f" (instead of {row.instead_of}: {row.because})" if row.instead_of else "")
        if row.number in climb.refused:
            yield f"  row {row.number}: {asked}: not run: {climb.refused[row.number]}"
        else:
            yield f"  row {row.number}: {asked}" + (f", {row.repeats} times" if row.repeats > 1 else "")
            yield from _strokes(climb.drill_of(climb.rows.index(row)), bench)


def _strokes(drill: DrillSpec, bench: Bench) -> Iterator[str]:
    """
    What a drill's faults switch, as far as the rig can deliver them; what is random is drawn for the default seed.
    """
    for fault in drill.faults:
        with suppress(Refused):
            for after_s, what in bench.fault(fault).plan():
                yield f"  t = {fault.at_s + after_s:8.3f} s  {fault.kind} {fault.role}: {what}"
    for told in dice(drill.faults, bench):
        yield f"  {told}"
