"""
What a trial's power trace tells, from played chips through drivers and samplers to the record.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from random import Random
from typing import Any

import pytest

from harness import clock
from harness.devices._recent import Recent
from harness.engine.odometer import Odometer
from harness.model.codec import dumps
from harness.model.event import Kind
from harness.model.quantity import QUANTITIES
from harness.model.rig import RigSpec, SamplingSpec
from harness.model.trace import Sample, Samples, Scale
from harness.model.verdict import Verdict
from harness.model.world import DrawSpec
from harness.reports._notes import notes
from harness.science.rail_edges import hold_up, rail_crossing
from harness.sim.rail import Rail
from harness.sim.unit import SimUnit
from tests.benches import Played, drill, fault, play, rig, two_duts

S = clock.NS_PER_S
# The relay of the rig `sim`, as its file says.
CHATTER_NS = 2_000_000


def sampled(**changes: Any) -> RigSpec:
    """
    The `sim` rig, sampled, with other values.
    """
    return rig(sampling=SamplingSpec(), **changes)


def some_rig(random: Random, *, is_as_declared: bool) -> RigSpec:
    """
    A sampled relay, rail, meter and unit, each with whatever its kind allows; its contact chatters no longer than it is
    declared to, or for up to four times as long.
    """
    chatter_s = random.choice([0.0005, 0.002, 0.005])
    bounce_s = random.uniform(0, chatter_s if is_as_declared else 4 * chatter_s)
    run_a, boot_s = random.uniform(0.15, 0.3), random.uniform(0.3, 1.5)
    draws = (DrawSpec(at_s=0.3 * boot_s, draw_a=random.uniform(0.4, 0.7)), DrawSpec(at_s=0.7 * boot_s, draw_a=0.1))
    signature = [(0.0, 0.75), *((draw.at_s, draw.draw_a) for draw in draws), (boot_s, run_a)]
    return sampled(
        contact={
            "operate_s": random.uniform(0.001, 0.012),
            "release_s": random.uniform(0.001, 0.012),
            "bounce_s": bounce_s,
        },
        relay={"chatter_s": chatter_s},
        rail={
            "hold_up_s": random.uniform(0.001, 0.05),
            "back_power_v": random.choice([0.0, 0.0, random.uniform(0.2, 2.5)]),
            "inrush_a": random.choice([0.0, random.uniform(0.2, 20)]),
            "inrush_decay_s": random.uniform(0.0001, 0.005),
        },
        chip={"clock_ratio": random.choice([0.0, 0.1])},
        meter={"conversion_s": random.choice([588e-6, 1.1e-3, 2.116e-3]), "average": random.choice([1, 1, 4])},
        unit={"boot_s": boot_s, "boot_draw_a": 0.75, "boot_draws": draws, "run_draw_a": run_a},
        dut={
            "boot_signature": random.choice([(), tuple(DrawSpec(at_s=at_s, draw_a=a) for at_s, a in signature)]),
            "run_current_a": random.choice([(), (0.95 * run_a, 1.05 * run_a)]),
        },
    )


def true_quantities(played: Played) -> dict[str, float]:
    """
    What is true of a cut and its return.
    """
    instants, truth = played.trial.instants, played.trial.truth
    assert played.world is not None
    assert truth is not None
    assert instants.fault_commanded is not None
    assert instants.removal_commanded is not None
    cut_ns, back_ns = instants.fault_commanded.earliest_ns, instants.removal_commanded.earliest_ns
    rail = played.world.rails["main"]
    strokes = rail.strokes(cut_ns)
    opening, closing = [at for at in strokes if at < back_ns], [at for at in strokes if at >= back_ns]
    steps = unit_of(rail).currents(closing[0])
    moments = [*closing, *(at_ns for at_ns, _ in steps)]
    rose_ns, ready_ns = truth["removal_effective"], truth["ready"]
    off_v = rail.voltage_v(closing[0] - 1)
    return {
        "contact_operate": (opening[0] - cut_ns) / S,
        "contact_release": (closing[0] - back_ns) / S,
        "contact_bounce": max(opening[-1] - opening[0], closing[-1] - closing[0]) / S,
        "brown_out_depth": off_v,
        "back_power": off_v,
        "inrush_peak": max(rail.current_a(at_ns) for at_ns in moments if closing[0] <= at_ns <= rose_ns + S // 10),
        "boot_time": (steps[-1][0] - rose_ns) / S,
        "energy_to_recover": 5.0 * rail.mean_a(rose_ns, ready_ns) * (ready_ns - rose_ns) / S,
        "load_step": 0.0,
    }


def unit_of(rail: Rail) -> SimUnit:
    unit = rail._unit
    assert isinstance(unit, SimUnit)
    return unit


# What is told of the contact itself, and so not by what its rig file declares.
OF_THE_CONTACT = ("contact_operate", "contact_release", "contact_bounce")


def in_worlds(seeds: range, *, is_as_declared: bool = True) -> dict[str, int]:
    """
    How often each quantity was told, in worlds in which all that is told is true: of the contact also where it chatters
    for longer than declared, be it that this was measured or not.
    """
    told = dict.fromkeys(QUANTITIES, 0)
    for seed in seeds:
        random = Random(seed)
        # A rail that something else feeds never discharges: only a cut with an off-dwell ends then.
        cut = fault(off_dwell_s=random.uniform(0.1, 1.0))
        bench, odometer = some_rig(random, is_as_declared=is_as_declared), Odometer(None)
        assert bench.world is not None
        is_measured = random.random() < 0.5
        if is_measured:
            odometer.bounces.note("mains", bench.world.rails["main"].contact.bounce_s)
        played = play(drill([cut], hold_s=1.0), bench, seed, odometer=odometer)
        assert played.error is None
        true = true_quantities(played)
        for name, quantity in played.trial.quantities.items():
            told[name] += 1
            assert quantity.unit == QUANTITIES[name]
            if not is_as_declared and name not in OF_THE_CONTACT:
                continue
            assert quantity.holds(true[name]), (seed, name, true[name], quantity)
        bounce = played.trial.quantities.get("contact_bounce")
        assert bounce is None or (bounce.high is not None) is is_measured
    return told


def test_what_a_sampled_trial_tells_is_true() -> None:
    assert min(in_worlds(range(10)).values()) >= 9


def test_of_a_contact_that_chatters_for_longer_than_declared_nothing_wrong_is_told() -> None:
    assert min(in_worlds(range(600, 605), is_as_declared=False).values()) >= 4


def test_a_bounce_that_nobody_measured_holds_no_criterion() -> None:
    # The audit's own finding: a contact that chatters for 6 ms, of which its rig file declares a twelfth.
    bench = sampled(contact={"bounce_s": 0.006}, relay={"chatter_s": 0.0005}, unit={"boot_s": 0.5})
    never = play(drill([fault(for_s=0.5)], criteria=["contact_bounce < 1 ms"], hold_s=1.0), bench)
    assert never.verdict is Verdict.INCONCLUSIVE
    assert never.trial.quantities["contact_bounce"].high is None
    told = [note for note in never.run.notes if "the contact was seen to chatter for" in note]
    assert bool(told) is (never.trial.quantities["contact_bounce"].low > 0.0005)
    measured = Odometer(None)
    measured.bounces.note("mains", 0.006)
    known = play(drill([fault(for_s=0.5)], criteria=["contact_bounce < 7 ms"], hold_s=1.0), bench, odometer=measured)
    assert known.verdict is Verdict.HELD


def test_an_inrush_has_no_upper_bound_where_nobody_knows_what_the_supply_delivers() -> None:
    told = play(drill([fault(for_s=0.5)], hold_s=1.0), sampled(unit={"boot_s": 0.5})).trial.quantities
    # Nothing was planted: what its meter averaged is all that can be said of it, and not the 50 A of its shunt.
    assert told["inrush_peak"].high is None
    assert str(told["inrush_peak"]) == "> 0.44 A (no upper bound)"


def test_a_contact_that_is_seen_to_chatter_for_longer_than_declared_is_noted() -> None:
    bench = sampled(contact={"bounce_s": 0.03}, relay={"chatter_s": 0.002}, unit={"boot_s": 0.5})
    played = play(drill([fault(for_s=0.5)], hold_s=1.0), bench)
    assert played.trial.quantities["contact_bounce"].low > 0.002
    (told,) = [note for note in played.run.notes if "the contact was seen to chatter for" in note]
    assert "ms, and 2 ms are declared" in told


@pytest.mark.soak
def test_what_a_sampled_trial_tells_is_true_in_500_worlds() -> None:
    assert min(in_worlds(range(100, 600)).values()) > 450


def test_the_delay_and_the_hold_up_of_the_trace_are_those_of_the_readings() -> None:
    kept = Samples()
    scale: list[Scale] = []

    def take(_: str, worth: Scale, rows: Sequence[Sample]) -> None:
        scale.append(worth)
        kept.add(rows, worth)

    played = play(drill(), sampled(unit={"boot_s": 0.5}), take=take)
    cut, back = played.trial.instants.fault_commanded, played.trial.instants.removal_commanded
    assert cut is not None
    assert back is not None
    off = kept.within(0, back.earliest_ns)
    lsb_v, chatter_ns = scale[0].bus_lsb_v, CHATTER_NS
    fell = rail_crossing(off, 3.0, rising=False, lsb_v=lsb_v, chatter_ns=chatter_ns)
    assert fell == played.trial.instants.fault_effective
    assert hold_up(off, 5.0, 3.0, lsb_v=lsb_v, chatter_ns=chatter_ns) == played.trial.hold_up


@pytest.mark.long
def test_what_a_long_trial_began_with_is_remembered_and_what_was_forgotten_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Twenty seconds of this meter or so, and a longer cut.
    monkeypatch.setattr("harness.devices._tap.Recent", partial(Recent, blocks=3))
    played = play(drill([fault(at_s=1.0, off_dwell_s=32.0)], hold_s=1.0), sampled(unit={"boot_s": 0.5}))
    told, true = played.trial.quantities, true_quantities(played)
    assert told.keys() == QUANTITIES.keys()
    assert all(quantity.holds(true[name]) for name, quantity in told.items())
    (problem,) = [event.data["problem"] for event in played.events if event.kind is Kind.BENCH_TROUBLE]
    assert "the samples of 'edge' of this trial are more than are remembered" in str(problem)
    assert played.verdict is Verdict.HELD


def test_a_rail_that_nothing_samples_tells_nothing() -> None:
    assert play(drill()).trial.quantities == {}


def test_of_a_flicker_the_depth_and_the_return_are_told_but_no_stroke() -> None:
    flicker = fault("power_flicker", times=3, off_s=0.2, on_s=0.1)
    told = play(drill([flicker], hold_s=1.0), sampled(unit={"boot_s": 0.5})).trial.quantities
    assert told.keys() == {"brown_out_depth", "inrush_peak", "boot_time", "energy_to_recover", "load_step"}
    depth = told["brown_out_depth"]
    assert depth.high is not None
    assert depth.high < 0.5


def test_two_cuts_at_once_tell_nothing() -> None:
    both = [fault(role=f"{dut}.power") for dut in ("edge", "twin")]
    assert play(drill(both), two_duts(sampling=SamplingSpec(), unit={"boot_s": 0.5})).trial.quantities == {}


@pytest.mark.parametrize(("held_v", "is_warned"), [(0.0, False), (0.25, False), (0.35, True), (0.45, True)])
def test_a_rail_that_something_feeds_from_behind_is_warned_of_however_little_it_is(
    held_v: float, is_warned: bool
) -> None:
    # A cut that is proven discharged: what is below a tenth of the nominal voltage is.
    played = play(drill([fault(for_s=1.0)], hold_s=1.0), sampled(unit={"boot_s": 0.5}, rail={"back_power_v": held_v}))
    assert played.verdict is Verdict.HELD
    (trial,) = json.loads(dumps(played.run))["trials"]
    assert ("warnings" in trial) is is_warned
    told = [note for note in notes(played.run) if "back-powered by another path" in note]
    assert bool(told) is is_warned
    if is_warned:
        assert trial["warnings"][0] in told[0]
        assert f"its rail stood at {played.trial.quantities['back_power']}, above 0.3 V" in told[0]


def test_criteria_are_judged_on_the_whole_interval() -> None:
    verdicts = {
        "inrush_peak > 1.2 A": Verdict.HELD,
        # No average says how high a peak was: only the supply, that it was not above what that delivers.
        "inrush_peak < 3 A": Verdict.INCONCLUSIVE,
        "inrush_peak < 5 A": Verdict.HELD,
        "inrush_peak < 1 A": Verdict.DEVIATED,
        "boot_time < 1 s": Verdict.HELD,
        "boot_time < 100 ms": Verdict.DEVIATED,
        "energy_to_recover < 40 J": Verdict.HELD,
        "energy_to_recover < 100 mJ": Verdict.DEVIATED,
        "back_power < 0.3 V": Verdict.HELD,
        "contact_bounce < 1 ms": Verdict.INCONCLUSIVE,
    }
    # A smaller shunt than usual, so that the inrush is in the meter's range.
    bench = sampled(
        unit={"boot_s": 0.5},
        rail={"inrush_a": 2.0, "inrush_decay_s": 0.02},
        chip={"shunt_ohm": 0.02},
        meter={"shunt_ohm": 0.02, "max_current_a": 3.0},
        dut={"supply_limit_a": 4.0},
    )
    played = play(drill([fault(for_s=0.5)], criteria=verdicts, hold_s=1.0), bench)
    assert {judged.expr: judged.verdict for judged in played.run.criteria} == verdicts
    assert played.verdict is Verdict.DEVIATED
