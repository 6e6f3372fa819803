"""
The samples of a trial on the rail of one DUT, with all that must be known to read them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ..clock import NS_PER_S
from ..model.instant import Instant
from ..model.quantity import Quantity
from ..model.rig import DutSpec
from ..model.trace import Samples, Scale
from ..science.boot import booted_by_signature, booted_in_band
from ..science.energy import Ceilings, energy
from ..science.inrush import inrush_peak, load_step, shunt_ceiling_a, steady_current
from ..science.rail_edges import Stroke, stroke
from .bench import Bench

# What a DUT draws when it runs is seen between its steady state's being met and the fault, and once it is ready again:
# in so much of that time at most, and in so many samples at least.
_STEADY_NS = 5 * NS_PER_S
_FEWEST = 4
# A DUT that runs may draw a little more or less than it did before.
_BAND_RATIO = 0.05
# How much of the trace before a stroke of the contact is looked at.
_BEFORE_NS = NS_PER_S // 2


@runtime_checkable
class _Scaled(Protocol):
    """
    A meter that says what a step of its registers is worth.
    """

    scale: Scale


@dataclass(frozen=True, slots=True)
class RailTrace:
    """
    The samples of a trial and those of its steady stretch before the fault, what a step of them is worth, how long a
    conversion takes, and the most that can have flowed unseen.

    What is read off them is right to within one step of the meter's registers, as far as its shunt is what the rig file
    says: the errors of the part itself are in no interval.
    """

    samples: Samples
    steady: Samples
    dut: DutSpec
    scale: Scale
    period_ns: int
    ceilings: Ceilings

    def stroke(self, commanded: Instant, until_ns: int, chatter_ns: int | None, *, closes: bool) -> Stroke | None:
        """
        The contact's stroke after a command; `chatter_ns` is the longest that it was measured to chatter, if it was.
        """
        return stroke(
            self.samples.within(commanded.earliest_ns - _BEFORE_NS, until_ns),
            self.dut.first_sign_a,
            closes=closes,
            lsb_a=self.scale.current_lsb_a,
            commanded=commanded,
            chatter_ns=chatter_ns,
        )

    def inrush_peak(self, rose: Instant) -> Quantity | None:
        """
        The highest current just after the rail is back.
        """
        ceiling_a = self.dut.supply_limit_a
        return inrush_peak(self.samples, rose, lsb_a=self.scale.current_lsb_a, ceiling_a=ceiling_a)

    def booted(self, rose: Instant, stays_ns: int) -> Instant | None:
        """
        When the current says that the DUT runs: by its signature, or else by the band of a DUT that runs.
        """
        samples = self.samples.window(rose.earliest_ns, self.samples.latest_ns[-1])
        lsb_a = self.scale.current_lsb_a
        if self.dut.boot_signature:
            signature = [(step.at_s, step.draw_a) for step in self.dut.boot_signature]
            return booted_by_signature(samples, signature, rose, lsb_a=lsb_a)
        band_a = self._running_a()
        return None if band_a is None else booted_in_band(samples, band_a, lsb_a=lsb_a, stays_ns=stays_ns)

    def energy(self, rose: Instant, ready: Instant) -> Quantity | None:
        """
        What the DUT took until it was ready.
        """
        return energy(self.samples, rose, ready, lsb=self.scale, ceilings=self.ceilings)

    def load_step(self, ready: Instant) -> Quantity | None:
        """
        How much more it draws when it has recovered than before the fault.
        """
        after = self.samples.within(ready.latest_ns, ready.latest_ns + _STEADY_NS)
        if min(len(self.steady), len(after)) < _FEWEST:
            return None
        return load_step(self.steady, after, lsb_a=self.scale.current_lsb_a)

    def _running_a(self) -> tuple[float, float] | None:
        if self.dut.run_current_a:
            return self.dut.run_current_a[0], self.dut.run_current_a[1]
        drawn_a = steady_current(self.steady, lsb_a=self.scale.current_lsb_a)
        if drawn_a is None or len(self.steady) < _FEWEST:
            return None
        return drawn_a[0] * (1 - _BAND_RATIO), drawn_a[1] * (1 + _BAND_RATIO)


def rail_trace(bench: Bench, dut: DutSpec, since_ns: int, cut: Instant, steady_s: float) -> RailTrace | None:
    """
    What was sampled on a DUT's rail since a moment, if anything was; for `steady_s` before the fault it was steady.
    """
    samples = bench.samples_of(dut.name, since_ns)
    if not samples:
        return None
    meter = bench.meter_of(dut.name)
    if meter is None or not isinstance(meter, _Scaled):
        return None
    steady_ns = min(_STEADY_NS, round(steady_s * NS_PER_S))
    return RailTrace(
        samples=samples,
        steady=samples.within(cut.earliest_ns - steady_ns, cut.earliest_ns),
        dut=dut,
        scale=meter.scale,
        period_ns=round(meter.period_s * NS_PER_S),
        ceilings=_ceilings(samples, bench.rig.devices[bench.device_of(f"{dut.name}.meter")].config, dut, meter.scale),
    )


def _ceilings(samples: Samples, config: object, dut: DutSpec, scale: Scale) -> Ceilings:
    """
    What the shunt lets through, or the supply delivers, if its limit is declared and was not seen to be passed; and
    what the rig's author says that the meter will never see more than.
    """
    shunt_ohm, declared_a = getattr(config, "shunt_ohm", None), getattr(config, "max_current_a", None)
    surge_a = None if shunt_ohm is None else shunt_ceiling_a(samples, shunt_ohm, scale.bus_lsb_v)
    seen_a = max(samples.current_a, default=0.0) - scale.current_lsb_a
    if dut.supply_limit_a is not None and seen_a <= dut.supply_limit_a:
        surge_a = min(dut.supply_limit_a, surge_a or dut.supply_limit_a)
    return Ceilings(surge_a, declared_a or dut.trip_a or surge_a)
