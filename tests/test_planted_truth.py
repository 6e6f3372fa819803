"""
A planted truth: of rails of which everything is known, whatever is read off a trace contains what is true, every time.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterator

import pytest

from harness.model.instant import Instant, Span
from harness.model.quantity import Quantity
from harness.science.boot import booted_by_signature, booted_in_band
from harness.science.depth import level_when_off, lowest
from harness.science.energy import Ceilings, energy
from harness.science.inrush import inrush_peak, load_step, shunt_ceiling_a
from harness.science.rail_edges import hold_up, rail_crossing, stroke
from tests.science.planted import BROWN_OUT_V, LEAST_A, MOST_A, NOMINAL_V, RISEN_V, SHUNT_OHM, Planted, S, planted

NEVER_NS = 1 << 62

# What is read off a trace: its name, the interval (times in nanoseconds), and the truth.
Told = Iterator[tuple[str, Quantity | None, float]]


def moment(at: Instant | None) -> Quantity | None:
    return None if at is None else Quantity(at.earliest_ns, at.latest_ns, "ns")


def duration(span: Span | None) -> Quantity | None:
    return None if span is None else Quantity(span.low_ns, span.high_ns, "ns")


def told(case: Planted) -> Told:
    """
    Everything that is read off the trace of a case.
    """
    true = case.true
    lsb_v, chatter_ns = case.meter.scale.bus_lsb_v, case.chatter_ns
    off, on = case.samples.within(0, case.back.earliest_ns), case.samples.within(case.cut.latest_ns, NEVER_NS)
    fell = rail_crossing(off, BROWN_OUT_V, rising=False, lsb_v=lsb_v, chatter_ns=chatter_ns)
    rose = rail_crossing(on, RISEN_V, rising=True, lsb_v=lsb_v, chatter_ns=chatter_ns)
    yield "fell", moment(fell), true["fell"]
    yield "rose", moment(rose), true["rose"]
    held = hold_up(off, NOMINAL_V, BROWN_OUT_V, lsb_v=lsb_v, chatter_ns=chatter_ns)
    yield "hold-up", duration(held), true["fell"] - true["left"]
    yield "actuation", duration(Span.between(case.cut, fell) if fell else None), true["fell"] - true["cut"]
    yield from told_of_strokes(case, fell, rose)
    if fell is not None and rose is not None:
        yield from told_of_the_cut(case, fell, rose)
    if rose is not None:
        yield from told_of_the_return(case, rose)


def told_of_strokes(case: Planted, fell: Instant | None, rose: Instant | None) -> Told:
    """
    What is read off the contact's strokes, by whom it was measured, and by whom its data sheet is all that is known.
    """
    settle_ns = case.declared_ns + 6 * case.meter.period_ns
    strokes = {
        "opening": (case.cut, None if fell is None else case.back.earliest_ns),
        "closing": (case.back, None if rose is None else rose.latest_ns + settle_ns),
    }
    for name, (commanded, until_ns) in strokes.items():
        asked_ns, moved_ns, rested_ns = (case.true[f"{name} {what}"] for what in ("asked", "moved", "rested"))
        for how, chatter_ns in {name: case.chatter_ns, f"{name} (not measured)": None}.items():
            seen = until_ns and stroke(
                case.samples.within(commanded.earliest_ns - 30 * case.meter.period_ns, until_ns),
                LEAST_A / 2,
                closes=name == "closing",
                lsb_a=case.meter.scale.current_lsb_a,
                commanded=commanded,
                chatter_ns=chatter_ns,
            )
            yield f"{how} moved", moment(seen.moved) if seen else None, moved_ns
            if chatter_ns is not None:
                yield f"{how} rested", moment(seen.rested) if seen else None, rested_ns
            yield f"{how} operate", seen.operate if seen else None, (moved_ns - asked_ns) / S
            yield f"{how} bounce", seen.bounce if seen else None, (rested_ns - moved_ns) / S


def told_of_the_cut(case: Planted, fell: Instant, rose: Instant) -> Told:
    lsb_v = case.meter.scale.bus_lsb_v
    back = Instant(case.back.earliest_ns, rose.latest_ns)
    yield "off level", level_when_off(case.samples, fell, back, lsb_v=lsb_v), case.true["off level"]
    yield "depth", lowest(case.samples.within(fell.earliest_ns, rose.earliest_ns), lsb_v=lsb_v), case.true["off level"]


def told_of_the_return(case: Planted, rose: Instant) -> Told:
    scale, true = case.meter.scale, case.true
    surge_a = shunt_ceiling_a(case.samples, SHUNT_OHM, scale.bus_lsb_v)
    # A supply that limits its current to little more than what flows tells far more than a shunt.
    limit_a, true_peak_a = case.rail.spec.inrush_a + MOST_A, case.peak_a(round(true["rose"]) + S // 10)
    for name, most_a in {"inrush": None, "inrush of a limited supply": limit_a}.items():
        yield name, inrush_peak(case.samples, rose, lsb_a=scale.current_lsb_a, ceiling_a=most_a), true_peak_a
    on = case.samples.window(rose.earliest_ns, case.samples.latest_ns[-1])
    by_band = booted_in_band(on, case.band_a, lsb_a=scale.current_lsb_a, stays_ns=30 * case.meter.period_ns)
    yield "booted, by band", moment(by_band), true["booted"]
    by_signature = booted_by_signature(on, case.signature, rose, lsb_a=scale.current_lsb_a)
    yield "booted, by signature", moment(by_signature), true["booted"]
    for name, most_a in {"energy": surge_a, "energy of a limited supply": limit_a}.items():
        found = energy(case.samples, rose, case.ready, lsb=scale, ceilings=Ceilings(most_a, MOST_A))
        yield name, found, true["energy"]
    before, after = case.samples.within(0, case.cut.earliest_ns), case.samples.within(case.ready.latest_ns, NEVER_NS)
    yield "load step", load_step(before, after, lsb_a=scale.current_lsb_a), true["load step"]


def lies(seeds: range) -> tuple[dict[int, list[str]], dict[str, list[float]]]:
    """
    What is wrong, by seed; and by name how wide the intervals are: times in conversions of the meter, energies in those
    of a conversion, volts and amperes as they are.
    """
    wrong: dict[int, list[str]] = {}
    widths: dict[str, list[float]] = defaultdict(list)
    for seed in seeds:
        case = planted(seed)
        period_ns = case.meter.period_ns
        of_one_j = case.true["energy"] * period_ns / (case.ready.latest_ns - case.true["rose"])
        units = {"ns": period_ns, "s": period_ns / S, "J": of_one_j}
        for name, interval, truth in told(case):
            if interval is None:
                continue
            if not interval.holds(truth):
                wrong.setdefault(seed, []).append(f"{name}: {truth!r} is not in {interval!r}")
            high = truth if interval.high is None or name in _UNBOUNDED else interval.high
            widths[name].append((high - interval.low) / units.get(interval.unit, 1.0))
    return wrong, widths


# No average bounds a peak, or a chatter, from above; how near its low end comes is told instead.
_UNBOUNDED = ("inrush", "opening (not measured) bounce", "closing (not measured) bounce")

# How wide the median interval may be. A crossing is known to within the conversions on its two sides, each of which is
# known to within two (these meters are read up to a conversion late), and the contact's chatter. Most of the energy
# that is not known is that of an inrush which the shunt would let through, 50 A, unseen in those few conversions.
WIDEST = {
    "fell": 6,
    "rose": 6,
    "hold-up": 12,
    "actuation": 7,
    "opening moved": 4,
    "opening rested": 4,
    "opening operate": 4,
    "opening bounce": 2,
    "opening (not measured) moved": 4,
    "opening (not measured) operate": 4,
    "opening (not measured) bounce": 1.5,
    "closing moved": 4,
    "closing rested": 4,
    "closing operate": 4,
    "closing bounce": 2,
    "closing (not measured) moved": 4,
    "closing (not measured) operate": 4,
    "closing (not measured) bounce": 1.5,
    "off level": 0.01,
    "depth": 1.0,
    "inrush": 0.5,
    "inrush of a limited supply": 2.0,
    "booted, by band": 3,
    "booted, by signature": 3.5,
    "energy": 270,
    "energy of a limited supply": 80,
    "load step": 0.002,
}


@pytest.mark.long
def test_in_500_worlds_the_truth_lies_in_what_the_trace_tells() -> None:
    wrong, widths = lies(range(500))
    assert not wrong, wrong
    # Else nothing would be told.
    assert {name for name, seen in widths.items() if len(seen) > 450} == WIDEST.keys()
    too_wide = {name: wide for name, seen in widths.items() if (wide := statistics.median(seen)) > WIDEST[name]}
    assert not too_wide


@pytest.mark.soak
def test_in_10_000_worlds_the_truth_lies_in_what_the_trace_tells() -> None:
    wrong, widths = lies(range(1_000, 11_000))
    assert not wrong, wrong
    # What is not told cannot be wrong: of each quantity 1 % at most.
    silent = {name: 10_000 - len(widths[name]) for name in WIDEST if len(widths[name]) < 9_900}
    assert not silent
