"""
Honest error bars: in random worlds, whatever is measured contains what the world knows to be true, every time.

Probes are as slow as they like. In every world one asks a service: a reading of a meter is a mean, so that for once it
may look like that of a unit that is well, and a bench that is told nothing else has no cause to doubt it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from harness import clock
from harness.model.drill import AlertSpec, DrillSpec, FaultSpec, ProbeSpec
from harness.model.instant import Span
from harness.model.rig import RigSpec
from harness.model.trial import DURATIONS, Trial
from tests.asked import Logged, log_questions
from tests.benches import Played, drill, fault, play, probe, rig, two_duts

S = clock.NS_PER_S

# The slowest contact of these worlds, at its slowest, and its chatter.
SLOWEST_STROKE_S = 1.5 * 0.012 + 0.005

ALARM = "alarm"

# --- worlds -----------------------------------------------------------------------------------------------------------


def between(random: Random, low: float, high: float) -> float:
    """
    A number between two others, each decade as likely as the next.
    """
    return math.exp(random.uniform(math.log(low), math.log(high)))


def some_rig(random: Random) -> RigSpec:
    """
    A relay, a rail, a meter and a unit, each with whatever its kind allows; now and then all of it twice.
    """
    wired = {"contact": random.choice(["nc", "no"]), "active_low": random.random() < 0.5}
    chatter_s = random.choice([0.0005, 0.002, 0.005])
    contact = {
        "operate_s": between(random, 0.001, 0.012),
        "release_s": between(random, 0.001, 0.012),
        "bounce_s": random.uniform(0, chatter_s),
        "spread_ratio": random.uniform(0, 0.5),
    }
    conversion_s = random.choice([140e-6, *[588e-6, 1.1e-3, 2.116e-3, 4.156e-3] * 3])
    return random.choice([rig] * 9 + [two_duts])(
        contact={**contact, **wired},
        relay={**wired, "chatter_s": chatter_s},
        rail={"hold_up_s": between(random, 0.0005, 0.1)},
        chip={"clock_ratio": random.choice([0.0, 0.1])},
        meter={"conversion_s": conversion_s, "average": random.choice([1, 1, 4])},
        unit={
            "boot_s": between(random, 0.1, 20.0),
            "boot_spread_ratio": random.choice([0.0, 0.1, 0.5]),
            "latency_s": between(random, 0.0001, 0.01),
            "latency_spread_ratio": random.random(),
        },
    )


def some_probe(random: Random, bench: RigSpec, struck: FaultSpec, *, of_a_service: bool) -> ProbeSpec:
    """
    A probe of any kind of a DUT, patient enough for its answers; a meter's for no cut that is shorter than its means.
    """
    kind = random.choice(["http", "tcp"] if of_a_service else ["http", "tcp", "witness", "power_draw"])
    unit = bench.world.units["edge"]  # type: ignore[union-attr]
    slowest_s = latency_s(kind, bench)
    lasts: Any = struck.config
    length_s = struck.for_s or getattr(lasts, "off_dwell_s", None) or math.inf
    shortest_s = (lasts.off_s if struck.kind == "supply_dip" else length_s) - SLOWEST_STROKE_S
    if kind == "power_draw" and slowest_s > shortest_s:
        kind, slowest_s = "http", latency_s("http", bench)
    period_s = between(random, max(0.01, unit.boot_s / 30), max(0.5, unit.boot_s / 4))
    timeout_s = max(1.2 * slowest_s, random.choice([period_s, slowest_s + between(random, 0.01, 1.0)]))
    config = {"min_a": 0.05, "max_a": random.choice([0.3, 0.8])} if kind == "power_draw" else {}
    role = f"{struck.role.partition('.')[0]}.{probe(kind, **config).role}"
    name = f"{kind} {random.random()}"
    return probe(kind, role, period_s=period_s, timeout_s=timeout_s, name=name, **config)


def latency_s(kind: str, bench: RigSpec) -> float:
    """
    The longest that a probe of a kind waits for the answer of a unit that is well.
    """
    unit = bench.world.units["edge"]  # type: ignore[union-attr]
    meter: Any = bench.devices["monitor"].config
    if kind == "power_draw":
        # What the meter's own clock may be off, and the readings until one was begun after its asking.
        return 4 * 2.2 * meter.conversion_s * meter.average + 0.001
    requests = 2 if kind == "witness" else 1
    return requests * unit.latency_s * (1 + unit.latency_spread_ratio)


def some_fault(random: Random, dut: str) -> FaultSpec:
    """
    A cut until the rail has discharged, or not, a dip or a flicker, shorter or longer than the rail holds up.
    """
    at_s, role, length_s = random.uniform(0, 0.5), f"{dut}.power", between(random, 0.02, 3.0)
    kind = random.choice(["for"] * 3 + ["dwell"] * 2 + ["dip"] * 2 + ["flicker"] * 4)
    if kind == "for":
        return fault(role=role, at_s=at_s, for_s=length_s)
    if kind == "dwell":
        return fault(role=role, at_s=at_s, off_dwell_s=length_s)
    if kind == "dip":
        return fault(
            "supply_dip", role, at_s=at_s, off_s=between(random, 0.15, 3.0)
        )  # three readings of the slowest meter
    off_s, on_s = between(random, 0.02, 0.5), between(random, 0.02, 1.0)
    return fault("power_flicker", role, at_s=at_s, times=random.randint(2, 5), off_s=off_s, on_s=on_s)


def some_drill(random: Random, bench: RigSpec) -> DrillSpec:
    """
    A fault for each DUT, watched by one to four probes; now and then only some of them make it ready.
    """
    faults, probes = [], []
    for dut in bench.duts:
        faults.append(some_fault(random, dut))
        probes.append(some_probe(random, bench, faults[-1], of_a_service=True))
    for _ in range(random.randint(0, 3)):
        probes.append(some_probe(random, bench, random.choice(faults), of_a_service=False))
    needed = probes if random.random() < 0.8 else random.sample(probes, random.randint(1, len(probes)))
    ready = tuple(spec.name for spec in needed)
    hold_s = between(random, 0.05, 1.0)
    watched = some_probe(random, bench, random.choice(faults), of_a_service=True)
    alert = AlertSpec(probe=replace(watched, name=ALARM), failures=random.randint(1, 3))
    return drill(faults, probes, hold_s=hold_s, settle_s=90.0, ready=ready, detected=alert)


# --- what must hold ---------------------------------------------------------------------------------------------------


def lies(trial: Trial, fired_ns: int | None = None) -> Iterator[str]:
    """
    The instants and durations of a trial that do not contain the world's own, nor when the alert's rule was met.
    """
    truth = dict(trial.truth or {})
    if fired_ns is not None:
        truth["detected"] = fired_ns
    known = {name: at for name, at in trial.instants.items() if at is not None}
    for name, instant in known.items():
        if name in truth and not instant.holds(truth[name]):
            yield f"{name}: {truth[name]} is not in {instant}"
    for name, (start, end) in DURATIONS.items():
        span = trial.duration(name)
        if span is None or not {start, end} <= truth.keys():
            continue
        true_ns = truth[end] - truth[start]
        if name == "time_to_recover" and span == Span(0, 0):
            true_ns = max(0, true_ns)  # it had recovered when the alert came
        if not span.holds(true_ns):
            yield f"{name}: {true_ns / S:.6f} s is not in {span}"


def detected_wrongly(trial: Trial, fired_ns: int | None) -> Iterator[str]:
    """
    An alert that came although its rule was not met, or did not although it was.
    """
    if (fired_ns is None) is not (trial.instants.detected is None):
        yield f"detected: {trial.instants.detected}, and its rule was met at {fired_ns}"


def held_up_wrongly(played: Played, bench: RigSpec) -> Iterator[str]:
    """
    The hold-up of a trial, where it is not what the rail's decay gives.
    """
    span = played.trial.hold_up
    if span is not None and len(bench.duts) == 1:
        rail = bench.world.rails["main"]  # type: ignore[union-attr]
        left = math.log(rail.supply_v / (0.9 * 5.0)) / math.log(rail.supply_v / rail.brown_out_v)
        true_ns = round((1 - left) * rail.hold_up_s * S)
        if not span.holds(true_ns):
            yield f"hold_up: {true_ns / S:.6f} s is not in {span}"


def too_wide(trial: Trial, spec: DrillSpec, asked: list[Logged]) -> Iterator[str]:
    """
    A trial's `ready`, where it is wider than its questions explain: max(period, the last one's duration) + latency.

    Three things that no question can answer widen it, each to the nanosecond. A DUT that was back before the removal
    was proven may have gone again until then; before the last of several strokes, or of one that nobody saw, it may
    have felt that one unseen. And where only a probe that does not make it ready saw the loss, it may have been ready
    ever since that loss began.
    """
    ready, lost, removed = trial.instants.ready, trial.instants.steady_lost, trial.instants.removal_effective
    if ready is None or lost is None or removed is None:
        return
    needed = [log for log in asked if log.spec.name in spec.ready]
    bound_ns = max(log.bound_ns(ready.earliest_ns) for log in needed)
    to_removal_ns = max(0, removed.latest_ns - ready.earliest_ns)
    kinds = [fault.kind for fault in spec.faults]
    is_struck_once = kinds in (["power_cut"], ["supply_dip"]) and trial.instants.fault_effective
    bound_ns = max(bound_ns, to_removal_ns) if is_struck_once else bound_ns + to_removal_ns
    if ready.earliest_ns == lost.earliest_ns:
        bound_ns += lost.width_ns
    if ready.width_ns > bound_ns:
        yield f"ready: {ready.width_ns / S:.6f} s wide, more than {bound_ns / S:.6f} s"


def played_world(seed: int) -> tuple[Played, list[str]]:
    """
    A trial in the world of a seed, and what is wrong with it.
    """
    random = Random(seed)
    bench = some_rig(random)
    spec = some_drill(random, bench)
    asked: list[list[Logged]] = []
    played = play(spec, bench, seed, opened=lambda opened: asked.append(log_questions(opened)))
    if played.error is not None:
        return played, [str(played.error)]
    trial = played.trial
    assert spec.detected is not None
    (alarm,) = (log for log in asked[0] if log.spec.name == ALARM)
    fired_ns = alarm.fired_ns(spec.detected.failures)
    wrong = [*lies(trial, fired_ns), *detected_wrongly(trial, fired_ns), *held_up_wrongly(played, bench)]
    return played, [*wrong, *too_wide(trial, spec, asked[0])]


def wrong_worlds(seeds: range) -> tuple[dict[int, list[str]], Counter[str]]:
    """
    What is wrong, by seed, and how many of the trials had each instant.
    """
    wrong: dict[int, list[str]] = {}
    seen: Counter[str] = Counter()
    for seed in seeds:
        played, found = played_world(seed)
        if found:
            wrong[seed] = found
        seen.update(name for name, at in played.trial.instants.items() if at is not None)
    return wrong, seen


@pytest.mark.parametrize("first", [0, 50, *(pytest.param(n, marks=pytest.mark.long) for n in range(100, 500, 50))])
def test_in_500_worlds_the_truth_lies_in_what_is_measured(first: int) -> None:
    wrong, seen = wrong_worlds(range(first, first + 50))
    assert not wrong, wrong
    # Else the worlds would prove nothing.
    assert min(seen[name] for name in ("fault_effective", "steady_lost", "removal_effective", "ready")) > 35
    assert min(seen["first_sign"], seen["detected"]) > 20


@pytest.mark.soak
def test_in_10_000_worlds_the_truth_lies_in_what_is_measured() -> None:
    wrong, _ = wrong_worlds(range(1_000, 11_000))
    assert not wrong, wrong
