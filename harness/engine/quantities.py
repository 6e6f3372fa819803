"""
What the power trace of a trial tells, in quantities.
"""

from __future__ import annotations

from collections.abc import Callable

from ..clock import NS_PER_S
from ..model.drill import DrillSpec, FaultSpec
from ..model.instant import Instant, Span
from ..model.quantity import QUANTITIES, Quantity
from ..model.trial import Instants
from ..science.depth import level_when_off, lowest
from ..science.rail_edges import Stroke
from .bench import Bench
from .rail_trace import RailTrace, rail_trace

# A current that is back where it was must stay there so long (or for the drill's hold, if that is shorter).
_STAYS_NS = NS_PER_S
# So many conversions after the rail's rise and the chatter, its contact's stroke is over, whatever the DUT draws then.
_AFTER_PERIODS = 6

Found = dict[str, Quantity | None]
BounceOf = Callable[[str], float | None]


def quantities(
    bench: Bench, drill: DrillSpec, instants: Instants, since_ns: int, bounce_of: BounceOf
) -> dict[str, Quantity]:
    """
    What the rail of the struck DUT tells of a trial that began at `since_ns`: by the names of `QUANTITIES`, in their
    order. Empty where nothing samples the rail, or where not one fault struck.

    `bounce_of` says how long a switch's contact was measured to chatter, at most (seconds; None: it was not measured).
    What the rig file declares of it bounds no quantity.
    """
    struck = [fault for fault in drill.faults if fault.role]
    if len(struck) != 1 or instants.fault_commanded is None:
        return {}
    (fault,) = struck
    trace = rail_trace(bench, bench.dut_of(fault.role), since_ns, instants.fault_commanded, fault.at_s)
    if trace is None:
        return {}
    found: Found = {"load_step": trace.load_step(instants.ready) if instants.ready else None}
    device = bench.device_of(fault.role)
    switch = next((switch for switch in bench.switches() if switch.name == device), None)
    if switch is not None:
        bounce_s = bounce_of(switch.name)
        bounce_ns = None if bounce_s is None else round(bounce_s * NS_PER_S)
        settle_ns = round(switch.chatter_s * NS_PER_S) + _AFTER_PERIODS * trace.period_ns
        found |= _of_the_cut(trace, instants, bounce_ns, settle_ns, is_clean=_is_clean(bench, fault))
        found |= _of_the_return(trace, instants, min(_STAYS_NS, round(drill.hold_s * NS_PER_S)))
    return {name: quantity for name in QUANTITIES if (quantity := found.get(name)) is not None}


def _is_clean(bench: Bench, spec: FaultSpec) -> bool:
    """
    Whether a fault interrupts the supply once.
    """
    return all(count == 1 for _, _, count in bench.fault(spec).strikes)


def _of_the_cut(
    trace: RailTrace, instants: Instants, bounce_ns: int | None, settle_ns: int, *, is_clean: bool
) -> Found:
    cut, removal = instants.fault_commanded, instants.removal_commanded
    fell, rose = instants.fault_effective, instants.removal_effective
    if cut is None or removal is None or rose is None:
        return {}
    lsb_v = trace.scale.bus_lsb_v
    if not is_clean or fell is None:
        return {"brown_out_depth": lowest(trace.samples.within(cut.latest_ns, rose.latest_ns), lsb_v=lsb_v)}
    # From the command on the contact may touch again, and before the rise it has.
    level = level_when_off(trace.samples, fell, Instant(removal.earliest_ns, rose.latest_ns), lsb_v=lsb_v)
    opened = trace.stroke(cut, removal.earliest_ns, bounce_ns, closes=False)
    closed = trace.stroke(removal, rose.latest_ns + settle_ns, bounce_ns, closes=True)
    return {
        "contact_operate": opened.operate if opened else None,
        "contact_release": closed.operate if closed else None,
        "contact_bounce": _longest(opened, closed),
        # It falls until it comes back: where it stands in the end is the lowest as well.
        "brown_out_depth": level,
        "back_power": level,
    }


def _of_the_return(trace: RailTrace, instants: Instants, stays_ns: int) -> Found:
    rose, ready = instants.removal_effective, instants.ready
    if rose is None:
        return {}
    booted = trace.booted(rose, stays_ns)
    return {
        "inrush_peak": trace.inrush_peak(rose),
        "boot_time": Quantity.of(Span.between(rose, booted)) if booted else None,
        "energy_to_recover": trace.energy(rose, ready) if ready else None,
    }


def _longest(*strokes: Stroke | None) -> Quantity | None:
    """
    The longest chatter of a cut's two strokes, if both were seen.
    """
    bounces = [stroke.bounce for stroke in strokes if stroke is not None]
    if len(bounces) < len(strokes):
        return None
    highs = [bounce.high for bounce in bounces if bounce.high is not None]
    return Quantity(max(bounce.low for bounce in bounces), max(highs) if len(highs) == len(bounces) else None, "s")
