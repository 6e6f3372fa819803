"""
Rails of which everything is known, and what a meter makes of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from random import Random

from harness import clock
from harness.model.instant import Instant
from harness.model.trace import Code, Sample, Samples, Scale
from harness.model.world import ContactSpec, RailSpec
from harness.sim._steps import Amperes
from harness.sim.rail import Rail

S = clock.NS_PER_S
SUPPLY_V, BROWN_OUT_V, NOMINAL_V, RISEN_V = 5.0, 3.0, 5.0, 4.5
SHUNT_OHM = 0.1
# What the DUTs of these worlds never draw more than, and never less than while they are fed.
MOST_A, LEAST_A = 1.0, 0.1

Strokes = list[tuple[int, bool]]


def between(random: Random, low: float, high: float) -> float:
    """
    A number between two others, each decade as likely as the next.
    """
    return math.exp(random.uniform(math.log(low), math.log(high)))


class Scripted:
    """
    A unit that draws what its script says, whenever its rail feeds it.
    """

    def __init__(self, run_a: float) -> None:
        self.current = Amperes(0, run_a)

    def play(self, feedings: Strokes, boot: list[tuple[int, float]]) -> None:
        for at_ns, is_fed in feedings:
            self.current.set(at_ns, 0.0)
            for after_ns, draw_a in boot if is_fed else ():
                self.current.set(at_ns + after_ns, draw_a)

    def powered(self, at_ns: int) -> None: ...

    def power_lost(self, at_ns: int) -> None: ...

    def current_a(self, at_ns: int) -> float:
        return self.current.at(at_ns)

    def charge(self, from_ns: int, to_ns: int) -> float:
        return self.current.charge(from_ns, to_ns)


@dataclass(frozen=True)
class Meter:
    """
    A meter as it is: the true length of its conversions, how it averages, its steps and range, how late and how well it
    is read, and how often it is not.
    """

    period_ns: int
    average: int
    scale: Scale
    range_a: float
    early_ns: int
    late_ns: int
    gap_ratio: float

    @classmethod
    def some(cls, random: Random) -> Meter:
        period_ns = round(between(random, 0.3e-3, 20e-3) * S)
        wide = random.choice([0.0, 0.5, 0.9])
        return cls(
            period_ns=period_ns,
            average=random.choice([1, 1, 4]),
            scale=Scale(random.choice([195e-6, 1.25e-3, 4e-3]), random.choice([25e-6, 1e-4, 1e-3])),
            range_a=random.choice([MOST_A, 3.2, math.inf]),
            early_ns=round(wide * period_ns),
            late_ns=round(random.choice([0.0, 0.5]) * period_ns),
            gap_ratio=random.choice([0.0, 0.0, 0.01, 0.03]),
        )

    def samples(self, rail: Rail, from_ns: int, to_ns: int, random: Random) -> Samples:
        """
        What it makes of a rail: each conversion in an interval that is wider than it, and rows for what is missing.
        """
        rows: list[Sample] = []
        missing = 0
        for start_ns in range(from_ns - random.randrange(self.period_ns), to_ns, self.period_ns):
            if random.random() < self.gap_ratio:
                missing = random.randint(1, 6)
            if missing:
                missing -= 1
                continue
            row = self._sample(rail, start_ns, random)
            if rows and row.earliest_ns > rows[-1].latest_ns:
                why = random.choice([Code.GAP, Code.GAP, Code.NACK, Code.RESET, Code.STALE])
                rows.append(Sample(0, rows[-1].latest_ns, row.earliest_ns, 0, 0, why))
            rows.append(row)
        found = Samples()
        found.add(rows, self.scale)
        return found

    def _sample(self, rail: Rail, start_ns: int, random: Random) -> Sample:
        turn_ns = self.period_ns // self.average
        half_ns = turn_ns // 2
        turns = range(start_ns, start_ns + turn_ns * self.average, turn_ns)
        current_a = sum(rail.mean_a(turn, turn + half_ns) for turn in turns) / self.average
        bus_v = sum(rail.mean_v(turn + half_ns, turn + turn_ns) for turn in turns) / self.average
        earliest_ns = start_ns - random.randint(0, self.early_ns)
        latest_ns = start_ns + self.period_ns + random.randint(0, self.late_ns)
        if current_a > self.range_a:
            return Sample(0, earliest_ns, latest_ns, 0, 0, Code.OVERFLOW)
        # Some chips round, some cut off.
        half = random.choice([0.0, 0.5])
        bus, current = bus_v / self.scale.bus_lsb_v + half, current_a / self.scale.current_lsb_a + half
        return Sample(0, earliest_ns, latest_ns, math.floor(bus), math.floor(current))


@dataclass
class Planted:
    """
    A cut and a return, with everything that is true of them: moments in nanoseconds, and what the bench knows of the
    commands and of when the DUT was ready. Its contact is declared to chatter for `declared_ns`, and does so for up to
    `chatter_ns`.
    """

    meter: Meter
    rail: Rail
    unit: Scripted
    samples: Samples
    declared_ns: int
    chatter_ns: int
    cut: Instant
    back: Instant
    ready: Instant
    signature: list[tuple[float, float]]
    band_a: tuple[float, float]
    true: dict[str, float] = field(default_factory=dict)

    def peak_a(self, until_ns: int) -> float:
        """
        The highest current from the contact's closing until a moment: it only rises where a piece of it begins.
        """
        closed_ns = round(self.true["closing moved"])
        moments = {
            *self.rail.strokes(closed_ns),
            *(at_ns for at_ns, _ in self.unit.current.between(closed_ns, until_ns)),
        }
        return max(self.rail.current_a(at_ns) for at_ns in moments if closed_ns <= at_ns <= until_ns)


def planted(seed: int) -> Planted:
    """
    The world of a seed.
    """
    random = Random(seed)
    meter = Meter.some(random)
    period_ns = meter.period_ns
    declared_ns = min(5_000_000, round(random.uniform(0.1, 3) * period_ns))
    # Some data sheets are too good to be true.
    longer_ns = round(between(random, 1, 12) * declared_ns)
    chatter_ns = random.choice([declared_ns, max(declared_ns, min(longer_ns, 5 * period_ns))])
    boot = some_boot(random, random.uniform(0.2, 0.5), period_ns)
    hold_up_ns = round(between(random, 0.3, 30) * period_ns)
    spec = RailSpec(
        dut="node",
        supply_v=SUPPLY_V,
        brown_out_v=BROWN_OUT_V,
        boot_v=RISEN_V,
        hold_up_s=hold_up_ns / S,
        back_power_v=random.choice([0.0, 0.0, random.uniform(0.1, 2.8)]),
        inrush_a=random.choice([0.0, between(random, 0.1, 40.0)]),
        # Whatever its height, it is over before the boot is.
        inrush_decay_s=between(random, 0.01 * period_ns, boot[-1][0] / 20) / S,
        contact=ContactSpec(pin=1),
    )
    unit = Scripted(boot[-1][1] if random.random() < 0.5 else boot[-1][1] * random.uniform(0.97, 1.03))
    rail = Rail(spec, unit, True, 0)

    cut_ns = 60 * period_ns
    opened = some_stroke(random, cut_ns, period_ns, chatter_ns, closes=False)
    back_ns = (
        opened[-1][0] + chatter_ns + round(hold_up_ns * random.uniform(1.2, 4)) + period_ns * random.randint(10, 60)
    )
    closed = some_stroke(random, back_ns, period_ns, chatter_ns, closes=True)
    rail.move(0, [*opened, *closed])
    feedings = rail.feedings(0, True)
    run_before_a = unit.current_a(0)
    unit.play(feedings, boot)

    booted_ns = feedings[-1][0] + boot[-1][0]
    ready_ns = booted_ns + random.randint(0, 40 * period_ns)
    until_ns = ready_ns + 60 * period_ns
    case = Planted(
        meter=meter,
        rail=rail,
        unit=unit,
        samples=meter.samples(rail, 0, until_ns, random),
        declared_ns=declared_ns,
        chatter_ns=chatter_ns,
        cut=about(random, cut_ns, period_ns),
        back=about(random, back_ns, period_ns),
        ready=about(random, ready_ns, 5 * period_ns),
        signature=[(0.9 * at_ns / S, draw_a) for at_ns, draw_a in boot],
        band_a=(0.95 * boot[-1][1], 1.05 * boot[-1][1]),
    )
    rose_ns = max(at_ns for at_ns, up in rail.crossings(RISEN_V, back_ns) if up)
    case.true = {
        "cut": cut_ns,
        "opening asked": cut_ns,
        "opening moved": opened[0][0],
        "opening rested": opened[-1][0],
        "closing asked": back_ns,
        "closing moved": closed[0][0],
        "closing rested": closed[-1][0],
        "left": last_fall(rail, 0.9 * NOMINAL_V, back_ns),
        "fell": last_fall(rail, BROWN_OUT_V, back_ns),
        "rose": rose_ns,
        "off level": rail.voltage_v(closed[0][0] - 1),
        "booted": booted_ns,
        "load step": boot[-1][1] - run_before_a,
        "energy": SUPPLY_V * rail.mean_a(rose_ns, ready_ns) * (ready_ns - rose_ns) / S,
    }
    return case


def some_boot(random: Random, run_a: float, period_ns: int) -> list[tuple[int, float]]:
    """
    One to four levels, each of six conversions or more and none of them near the last one, which is that of a DUT that
    runs.
    """
    boot, at_ns, draw_a = [], 0, run_a
    for _ in range(random.randint(1, 4)):
        last_a = draw_a
        while abs(draw_a - last_a) < 0.05 or 0.85 * run_a < draw_a < 1.15 * run_a:
            draw_a = random.uniform(LEAST_A, 0.9)
        boot.append((at_ns, draw_a))
        at_ns += random.randint(6 * period_ns, 80 * period_ns)
    return [*boot, (at_ns, run_a)]


def some_stroke(random: Random, at_ns: int, period_ns: int, chatter_ns: int, *, closes: bool) -> Strokes:
    """
    A contact that moves late, and chatters for at most so long.
    """
    first_ns = at_ns + round(between(random, 0.01, 10) * period_ns)
    bounces = sorted(random.sample(range(1, chatter_ns), 2 * random.randint(0, 3)))
    return [(first_ns + after_ns, (index % 2 == 0) is closes) for index, after_ns in enumerate([0, *bounces])]


def about(random: Random, at_ns: int, width_ns: int) -> Instant:
    """
    An instant that holds a moment somewhere.
    """
    return Instant(at_ns - random.randint(0, width_ns), at_ns + random.randint(0, width_ns))


def last_fall(rail: Rail, threshold_v: float, until_ns: int) -> int:
    """
    The last fall of a rail below a threshold before a moment.
    """
    return max(at_ns for at_ns, up in rail.crossings(threshold_v, 0) if not up and at_ns <= until_ns)
