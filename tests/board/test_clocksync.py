"""
Clock sync against simulated clocks whose truth is known.
"""

from __future__ import annotations

import random
import statistics
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.board.clocksync import COUNTER_WRAP_US, ClockSync, Span
from harness.board.failures import ClockContradicted, ClockUnknown
from harness.board.firmware import Loader

FIRMWARE_TICKS = Loader([Path(__file__).parents[2] / "firmware"], {}).load("ticks")
START_NS = 86_400_000_000_000


class Line:
    """
    A clock against true time: its rate is told for every second of it, in ppm too fast. All in ns.
    """

    def __init__(self, start_ns: int, at_ns: float, ppm: list[float]) -> None:
        self.start_ns = start_ns
        self._at = [at_ns, *(at_ns + sum(1e9 + 1e3 * each for each in ppm[: k + 1]) for k in range(len(ppm)))]

    def at(self, true_ns: float) -> float:
        seconds, part = divmod(true_ns - self.start_ns, 1e9)
        before, after = self._at[int(seconds)], self._at[int(seconds) + 1]
        return before + (after - before) * part / 1e9


def wander(rng: random.Random, seconds: int, limit: float = 50.0) -> list[float]:
    """
    How a crystal's rate wanders within its limit, second by second.
    """
    rates = [rng.uniform(-limit, limit)]
    while len(rates) < seconds:
        rates.append(min(limit, max(-limit, rates[-1] + rng.gauss(0, 0.5))))
    return rates


def slews(rng: random.Random, seconds: int, limit: float = 500.0) -> list[float]:
    """
    How a time server has the kernel slew the host's clock: for some seconds at up to the limit, then not at all.
    """
    rates: list[float] = []
    while len(rates) < seconds:
        rates += [rng.choice([limit, -limit, rng.uniform(-limit, limit)])] * rng.randrange(1, 25)
        rates += [0.0] * rng.randrange(1, 10)
    return rates[:seconds]


class Crystal:
    """
    A board clock within ±50 ppm of the host's, which is true. Host time in ns, board in us.
    """

    def __init__(self, rng: random.Random, start_ns: int, seconds: int, ticks_us: int = 0) -> None:
        self.boot_id = rng.getrandbits(32)
        self._line = Line(start_ns, ticks_us * 1e3, wander(rng, seconds))

    def ticks_us(self, at_ns: float) -> int:
        return int(self._line.at(at_ns) / 1e3)


def delay(rng: random.Random) -> int:
    """
    One way over USB, in ns: 0.1 to 1.1 ms, and in 5 % of the cases up to 5 ms.
    """
    return int(rng.uniform(0.1e6, 1.1e6) if rng.random() > 0.05 else rng.uniform(0.1e6, 5e6))


def exchange(sync: ClockSync, crystal: Crystal, at_ns: int, rng: random.Random, wrap: int = 1 << 64) -> None:
    there, back = delay(rng), delay(rng)
    ticks = crystal.ticks_us(at_ns + there) % wrap
    sync.add(sent_ns=at_ns, ticks_us=ticks, received_ns=at_ns + there + back, boot_id=crystal.boot_id)


class Bench:
    """
    A host whose clock is slewed, and a board whose crystal wanders: the firmware itself widens its 30-bit counter,
    which wraps while we look. True time is known to nobody but the test. Delays each way are anything up to `delay_ns`.
    """

    def __init__(self, rng: random.Random, seconds: int, delay_ns: float) -> None:
        self._rng, self._delay_ns = rng, delay_ns
        self.true_ns = 0
        self.sync = ClockSync()
        both = zip(wander(rng, seconds), slews(rng, seconds), strict=True)
        self._host = Line(0, START_NS, [crystal + slew for crystal, slew in both])
        self.outside, self.errors_us, self.bounds_us = 0, list[float](), list[float]()

    def start(self, seconds: int, before_wrap_us: int) -> None:
        """
        The board starts, shortly before its counter wraps.
        """
        self.boot_id = self._rng.getrandbits(32)
        self._board = Line(self.true_ns, (COUNTER_WRAP_US - before_wrap_us) * 1e3, wander(self._rng, seconds))
        hal = types.SimpleNamespace(ticks_us=lambda: self._counter(self.true_ns), ticks_diff=FIRMWARE_TICKS.diff)
        self._ticks = FIRMWARE_TICKS.Ticks(hal)

    def exchange(self) -> None:
        there, back = (self._rng.uniform(0, self._delay_ns) for _ in range(2))
        sent_ns, read_ns = self.true_ns, self.true_ns + there
        self.true_ns = int(read_ns + back)
        ticks_us = self._ticks.see(self._counter(read_ns))
        self.sync.add(
            sent_ns=int(self._host.at(sent_ns)),
            ticks_us=ticks_us,
            received_ns=int(self._host.at(self.true_ns)),
            boot_id=self.boot_id,
        )

    def look(self, true_ns: float) -> None:
        """
        An event at that time: is it within its bound?
        """
        ticks_us = self._ticks.widen(self._counter(true_ns))
        host_ns = self._host.at(true_ns)
        span = self.sync.span(ticks_us, self.boot_id)
        self.outside += not span.earliest_ns <= host_ns <= span.latest_ns
        self.bounds_us.append(span.half_width_ns / 1000)
        if len(self.bounds_us) % 40 == 0:
            self.errors_us.append(abs(self.sync.estimate_ns(ticks_us, self.boot_id) - host_ns) / 1000)

    def _counter(self, true_ns: float) -> int:
        return int(self._board.at(true_ns) / 1e3) % COUNTER_WRAP_US


def simulate(seed: int, seconds: int, events_per_s: int, *, delay_ns: float = 5e6) -> Bench:
    """
    Four exchanges a second, events all the time, also after the latest exchange, and one reboot half way through.
    """
    rng = random.Random(seed)
    bench = Bench(rng, seconds + 10, delay_ns)
    for _ in range(2):
        bench.start(seconds // 2 + 5, before_wrap_us=seconds * 10**6 // 4)
        first_ns = bench.true_ns
        for _ in range(12):
            bench.exchange()
        for k in range(1, 2 * seconds):
            since_ns, until_ns = bench.true_ns, first_ns + k * 250_000_000
            instants = [rng.uniform(since_ns, until_ns) for _ in range(events_per_s // 4)]
            for at_ns in instants[::2]:
                bench.look(at_ns)
            bench.true_ns = max(since_ns, until_ns)
            bench.exchange()
            for at_ns in instants[1::2]:
                bench.look(at_ns)
        bench.true_ns += 500_000_000
    assert (bench.sync.reboots, bench.sync.wraps) == (1, 0)
    return bench


@pytest.mark.long
def test_no_event_of_a_hundred_thousand_outside_its_bound() -> None:
    bench = simulate(seed=1, seconds=120, events_per_s=850)
    assert len(bench.bounds_us) >= 100_000
    assert bench.outside == 0
    assert statistics.median(bench.bounds_us) < 2_000
    assert statistics.median(bench.errors_us) < 300


def test_with_the_delays_of_a_port_the_median_is_good_though_the_host_is_slewed() -> None:
    bench = simulate(seed=2, seconds=60, events_per_s=200, delay_ns=0.3e6)
    assert bench.outside == 0
    assert statistics.median(bench.errors_us) < 50


@pytest.mark.soak
def test_no_event_of_a_million_outside_its_bound() -> None:
    count = 0
    for seed in range(10):
        bench = simulate(seed, seconds=600, events_per_s=170)
        assert bench.outside == 0
        count += len(bench.bounds_us)
    assert count >= 1_000_000


def test_the_worst_rates_stay_inside() -> None:
    for ppm in (-599.0, 599.0):
        sync = ClockSync()
        rng = random.Random(3)

        def board(at_ns: float, ppm: float = ppm) -> int:
            return int((at_ns - START_NS) / 1000 * (1 + ppm * 1e-6))

        for k in range(100):
            sent = START_NS + k * 10**9
            there, back = delay(rng), delay(rng)
            sync.add(sent_ns=sent, ticks_us=board(sent + there), received_ns=sent + there + back, boot_id=1)
        for _ in range(2000):
            at_ns = START_NS + rng.randrange(200 * 10**9)
            span = sync.span(board(at_ns))
            assert span.earliest_ns <= at_ns <= span.latest_ns
        assert sync.skew_ppm() == pytest.approx(ppm, abs=20)


def test_one_exchange_bounds_by_half_its_gap_plus_age() -> None:
    sync = ClockSync(ppm_limit=100)
    sync.add(sent_ns=START_NS, ticks_us=0, received_ns=START_NS + 200_000, boot_id=1)
    assert sync.span(0).half_width_ns == pytest.approx(101_000, abs=10)
    assert sync.span(10_000_000).half_width_ns == pytest.approx(101_000 + 1_000_000, rel=1e-3)
    assert sync.span(-10_000_000).half_width_ns == pytest.approx(101_000 + 1_000_000, rel=1e-3)


@pytest.mark.parametrize("wraps", [1, 3])
def test_a_counter_that_wraps_is_widened(wraps: int) -> None:
    rng = random.Random(4)
    sync = ClockSync()
    crystal = Crystal(rng, START_NS, 5000, COUNTER_WRAP_US - 10_000_000)
    later = 20 * 10**9 + (wraps - 1) * COUNTER_WRAP_US * 1000
    for at_ns in (0, 10**9, later, later + 10**9):
        exchange(sync, crystal, START_NS + at_ns, rng, wrap=COUNTER_WRAP_US)
    assert (sync.wraps, sync.reboots) == (wraps, 0)
    at_ns = START_NS + later
    span = sync.span(crystal.ticks_us(at_ns))
    assert span.earliest_ns <= at_ns <= span.latest_ns


@pytest.mark.parametrize("jump_us", [-500_000, 500_000, 40_000_000])
def test_a_counter_that_jumps_is_told_and_not_used(jump_us: int) -> None:
    sync = ClockSync()

    def add(at_s: int, offset_us: int) -> None:
        at_ns = START_NS + at_s * 10**9
        sync.add(sent_ns=at_ns, ticks_us=at_s * 10**6 + offset_us, received_ns=at_ns + 300_000, boot_id=7)

    for at_s in range(3):
        add(at_s, 10**9)
    with pytest.raises(ClockContradicted, match="which no drift explains"):
        add(3, 10**9 + jump_us)
    assert sync.reboots == 0
    add(4, 10**9)
    span = sync.span(4_000_000 + 10**9)
    assert span.earliest_ns <= START_NS + 4 * 10**9 + 300_000
    assert span.latest_ns >= START_NS + 4 * 10**9


def test_events_of_an_earlier_start_keep_their_place() -> None:
    sync = ClockSync()
    sync.add(sent_ns=START_NS, ticks_us=5_000_000, received_ns=START_NS + 1000, boot_id=1)
    sync.add(sent_ns=START_NS + 10**9, ticks_us=1_000, received_ns=START_NS + 10**9 + 1000, boot_id=2)
    assert sync.span(5_000_000, boot_id=1).earliest_ns == pytest.approx(START_NS, abs=2000)
    assert sync.span(1_000).earliest_ns == pytest.approx(START_NS + 10**9, abs=2000)


def test_bounds_stay_tight_over_many_exchanges() -> None:
    rng = random.Random(6)
    sync = ClockSync()
    crystal = Crystal(rng, START_NS, 5200)
    for k in range(5100):
        exchange(sync, crystal, START_NS + k * 10**9, rng)
    for k in (10, 3000, 5098):
        at_ns = START_NS + k * 10**9 + 500_000_000
        span = sync.span(crystal.ticks_us(at_ns))
        assert span.earliest_ns <= at_ns <= span.latest_ns
    assert sync.span(crystal.ticks_us(START_NS + 5098 * 10**9)).half_width_ns < 2_000_000


def refuses(call: Callable[[], object], kind: type[Exception]) -> None:
    with pytest.raises(kind):
        call()


def test_what_it_refuses() -> None:
    sync = ClockSync()
    refuses(lambda: sync.span(1), ClockUnknown)
    refuses(lambda: sync.add(sent_ns=2, ticks_us=0, received_ns=1, boot_id=1), ValueError)
    sync.add(sent_ns=1, ticks_us=0, received_ns=2, boot_id=1)
    refuses(lambda: sync.span(1, boot_id=2), ClockUnknown)
    assert isinstance(sync.span(0), Span)
