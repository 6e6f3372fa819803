"""
What a trial delivered of what its row asked for, and what measured it.
"""

from __future__ import annotations

from dataclasses import replace

from ..model.deviation import Deviation
from ..model.drill import DrillSpec
from ..model.instant import NS_PER_S, Span
from ..model.trial import Trial
from .bench import Bench


def delivered(asked: Deviation, trial: Trial, told: str, drill: DrillSpec, bench: Bench) -> Deviation:
    """
    A row of the sheet, filled in: the time from the fault's effect to its removal, as the trial proved them, behind
    what the fault has `told` itself.
    """
    instants = trial.instants
    if instants.fault_commanded is None or instants.removal_commanded is None:
        return replace(asked, delivered="not proven" if instants.fault_commanded else "", why=trial.reason)
    if instants.fault_effective is None or instants.removal_effective is None:
        return replace(asked, delivered="not proven", why=trial.reason)
    lasted = Span.between(instants.fault_effective, instants.removal_effective)
    # What was proven to be there was there for some time.
    lasted = Span(max(0, lasted.low_ns), lasted.high_ns)
    driven = Span.between(instants.fault_commanded, instants.removal_commanded)
    return replace(
        asked,
        delivered=f"{told}; {lasted} from effect to removal" if told else str(lasted),
        measured_by=_measured_by(drill, bench),
        why="" if told else _why(lasted, driven, _asked_ns(drill, bench)),
    )


def _measured_by(drill: DrillSpec, bench: Bench) -> str:
    spec = drill.faults[0]
    below_v, above_v = bench.fault(spec).levels_v
    meter = bench.meter_of(bench.dut_of(spec.role).name) if above_v else None
    if meter is None:
        return "what proves the fault"
    back = f", until above {above_v:.2f} V" if above_v != below_v else ""
    return f"{meter.name}: the rail below {below_v:.2f} V{back}"


def _asked_ns(drill: DrillSpec, bench: Bench) -> int | None:
    """
    How long a drill's one interruption is to last; None when there are several, or none.
    """
    strikes = [strike for spec in drill.faults for strike in bench.fault(spec).strikes]
    return round(strikes[0][1] * NS_PER_S) if [count for *_, count in strikes] == [1] else None


def _why(lasted: Span, driven: Span, asked_ns: int | None) -> str:
    if asked_ns is None or lasted.holds(asked_ns):
        return ""
    return f"the switch was driven for {driven}; the contact and the rail take their own time"
