"""
Drills on the rig `sim`, in this process and in virtual time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from harness import clock
from harness.assemble import Assembly, assembled
from harness.config.drill import load_drill
from harness.config.rig import load_rig
from harness.engine.drill import DrillRun
from harness.engine.undo import UndoJournal
from harness.model.drill import DrillSpec, ProbeSpec
from harness.model.rig import RigSpec
from harness.model.verdict import Verdict
from harness.probes.power_draw import PowerDraw
from harness.probes.tcp import Tcp
from harness.protocols import Listener
from harness.supervise.head import run_head
from harness.supervise.request import RunRequest

RIG = load_rig("sim")
OUTAGE = load_drill("power-outage")
HTTP, WITNESS = OUTAGE.steady_state

# Puts something around an assembled rig, such as a probe of the benchmark's own.
Wrap = Callable[[Assembly], Any]


def watched_by(*probes: ProbeSpec) -> DrillSpec:
    """
    The drill `power-outage` with these steady-state probes, and the criteria that they can judge.
    """
    measured = {"witness": {"lost_writes"}}
    known = set().union(*(measured.get(probe.kind, set()) for probe in probes))
    criteria = tuple(one for one in OUTAGE.criteria if one.name in known or one.name != "lost_writes")
    return replace(OUTAGE, steady_state=probes, ready=tuple(probe.name for probe in probes), criteria=criteria)


def four_kinds() -> tuple[ProbeSpec, ...]:
    """
    One probe of each kind, all at the pace of the drill's first.
    """
    tcp = replace(HTTP, name="port", kind="tcp", role="probes.port", config=Tcp.Config())
    draw = replace(HTTP, name="rail", kind="power_draw", role="probes.rail", config=PowerDraw.Config(max_a=0.8))
    return HTTP, tcp, draw, replace(WITNESS, period_s=HTTP.period_s, timeout_s=HTTP.timeout_s)


def run(
    drill: DrillSpec,
    *,
    trials: int = 1,
    seed: int = 1,
    rig: RigSpec = RIG,
    emit: Listener = lambda _: None,
    wrap: Wrap = lambda bench: bench,
) -> None:
    """
    Runs a drill that must hold.
    """
    request = RunRequest(drill=drill.name, rig=rig.name, seed=seed, trials=trials)
    drill = replace(drill, trials=replace(drill.trials, count=trials))

    async def main() -> Verdict:
        async with assembled(rig, seed, drill=drill) as bench:
            head = run_head(request, drill, rig, bench.wiring)
            return await DrillRun(drill, wrap(bench), head, UndoJournal(None), emit).run()

    verdict = clock.run(main, virtual=True)
    if verdict is not Verdict.HELD:
        raise RuntimeError(f"the drill that is measured did not hold: {verdict}")


def cpu_s(work: Callable[[], object]) -> float:
    """
    Processor seconds that some work takes. Nothing in virtual time waits, so that this is how long it takes alone.
    """
    start_s = time.process_time()
    work()
    return time.process_time() - start_s
