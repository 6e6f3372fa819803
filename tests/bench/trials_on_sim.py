"""
How many trials of `power-outage` a second on `sim`, beside a bare loop in virtual time that does the same sleeps.
"""

from __future__ import annotations

import statistics
from dataclasses import replace
from functools import partial

from _rows import Row, at_least, median_ratio, side_by_side
from _sim import HTTP, OUTAGE, cpu_s, four_kinds, run, watched_by
from _sleeps import sleep_again, sleeps_of

from harness.model.drill import DrillSpec

_LEAST = 0.4
_TRIALS = 20
_ROUNDS = 9


def rows() -> list[Row]:
    """
    One 100 ms probe, then four; the drill as it is shipped; and, without a target, four probes of different kinds, of
    which one reads a power meter's registers for every answer.
    """
    alike = (replace(HTTP, name=f"health {number}") for number in range(4))
    held = {"one probe": watched_by(HTTP), "four probes": watched_by(*alike), "as shipped": OUTAGE}
    told = [row for name, drill in held.items() for row in _beside_bare(name, drill, _LEAST)]
    return told + _beside_bare("four kinds of probe", watched_by(*four_kinds()))


def _beside_bare(name: str, drill: DrillSpec, least: float | None = None) -> list[Row]:
    sleeps = sleeps_of(drill, _TRIALS)
    measures = {"bare": partial(sleep_again, sleeps), "drill": partial(run, drill, trials=_TRIALS)}
    taken = side_by_side(_ROUNDS, {what: partial(cpu_s, work) for what, work in measures.items()})
    bare_hz, drill_hz = (_TRIALS / statistics.median(taken[what]) for what in measures)
    ratio = median_ratio(taken["bare"], taken["drill"])
    count = sum(len(lengths_s) for trial in sleeps for lengths_s in trial) / len(sleeps)
    bare = Row(name=f"{name}: bare loop, {count:.0f} sleeps a trial", value=bare_hz, unit="trials/s")
    ours = Row(name=f"{name}: drill", value=drill_hz, unit="trials/s", ratio=ratio)
    return [bare, ours if least is None else at_least(least, ours)]
