"""
How wide `ready` is, beside what it may be at most: max(period, the last probe's duration) + latency.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import replace
from random import Random

from _rows import Row, at_most
from _sim import HTTP, RIG, WITNESS, run, watched_by

from harness.assemble import Assembly
from harness.model.drill import DrillSpec, ProbeSpec
from harness.model.event import Event, Kind
from harness.model.instant import Instant
from harness.model.rig import RigSpec
from tests.asked import Logged, log_questions

_TRIALS = 150
_SEED = 20_000


def rows() -> list[Row]:
    """
    Random boot times, periods and latencies, for one probe and for two that differ.
    """
    one = _ratios(lambda dice: (_probe(HTTP, dice),))
    two = _ratios(lambda dice: (_probe(HTTP, dice), _probe(WITNESS, dice)))
    return [*_row("one probe", one), *_row("two probes", two)]


def _row(name: str, ratios: list[float]) -> list[Row]:
    median, most = statistics.median(ratios), max(ratios)
    return [
        Row(name=f"{name}: width over bound, median of {len(ratios)} trials", value=median, unit="", ratio=median),
        at_most(1, Row(name=f"{name}: width over bound, the widest", value=most, unit="", ratio=most)),
    ]


def _ratios(probes: Callable[[Random], tuple[ProbeSpec, ...]]) -> list[float]:
    return [_ratio(seed, probes(Random(seed)), Random(f"{seed} unit")) for seed in range(_SEED, _SEED + _TRIALS)]


def _probe(spec: ProbeSpec, dice: Random) -> ProbeSpec:
    return replace(spec, period_s=dice.uniform(0.02, 1.0), timeout_s=dice.uniform(0.2, 1.0))


def _unit(dice: Random) -> RigSpec:
    assert RIG.world is not None
    units = {
        name: replace(unit, boot_s=dice.uniform(1, 20), latency_s=dice.uniform(0.0005, 0.08))
        for name, unit in RIG.world.units.items()
    }
    return replace(RIG, world=replace(RIG.world, units=units))


def _ratio(seed: int, probes: tuple[ProbeSpec, ...], dice: Random) -> float:
    """
    The width of one trial's `ready` over the bound that its own questions set.
    """
    logs: list[Logged] = []
    ready: list[Instant] = []

    def wrap(bench: Assembly) -> Assembly:
        nonlocal logs
        logs = log_questions(bench)
        return bench

    def listen(event: Event) -> None:
        if event.kind is Kind.READY:
            ready.append(event.at)

    drill: DrillSpec = replace(watched_by(*probes), detected=None, criteria=())
    run(drill, seed=seed, rig=_unit(dice), emit=listen, wrap=wrap)
    return ready[0].width_ns / max(log.bound_ns(ready[0].earliest_ns) for log in logs)
