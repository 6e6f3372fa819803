"""
Scheduled and edge-anchored switching.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.board.answers import Edge
from harness.board.failures import RequestRefused
from harness.board.firmware import Loader
from harness.board.unsolicited import Done

from .conftest import FIRMWARE, FIXTURES, Bench

RELAY = 2
LINES = (10, 11, 12, 13)


@pytest.fixture
def armed(bench: Bench) -> Bench:
    bench.board.arm(60_000)
    return bench


def done(bench: Bench) -> Done:
    event = bench.board.events_until(Done, 1)[-1]
    assert isinstance(event, Done)
    return event


def test_a_pulse_at_its_time(armed: Bench) -> None:
    assert armed.board.pulse(0, 1, at_us=50_000, width_us=20_000) == 50_000
    armed.wait_ms(100)
    assert armed.edges(RELAY) == [(50_000, 1), (70_000, 0)]
    assert (done(armed).switchings, armed.board.levels()[0]) == (2, 0)


def test_a_pulse_now(armed: Bench) -> None:
    armed.wait_ms(10)
    assert armed.board.pulse(0, 1, width_us=1) == 10_000
    armed.wait_ms(10)
    assert armed.edges(RELAY) == [(10_000, 1), (10_001, 0)]


def test_the_past_is_refused(armed: Bench) -> None:
    armed.wait_ms(10)
    with pytest.raises(RequestRefused, match="start is 9000 us in the past"):
        armed.board.pulse(0, 1, at_us=1_000, width_us=1)


def test_off_then_on_is_a_pulse_to_the_other_level(armed: Bench) -> None:
    armed.board.write(0, 1)
    armed.board.pulse(0, 0, at_us=1_000, width_us=20_000)
    armed.wait_ms(50)
    assert armed.edges(RELAY) == [(0, 1), (1_000, 0), (21_000, 1)]


def test_a_train_keeps_its_period(armed: Bench) -> None:
    armed.board.pulse(0, 1, at_us=1_000, width_us=300, gap_us=700, count=1_000)
    armed.wait_ms(1_100)
    edges = armed.edges(RELAY)
    assert edges[::2] == [(1_000 + 1_000 * k, 1) for k in range(1_000)]
    assert edges[1::2] == [(1_300 + 1_000 * k, 0) for k in range(1_000)]
    assert done(armed).switchings == 2_000


def test_trains_on_all_outputs_at_once(armed: Bench) -> None:
    for output in range(6):
        armed.board.pulse(output, 1, at_us=1_000 + output, width_us=100 + output, gap_us=211, count=50)
    armed.wait_ms(100)
    for output in range(6):
        edges = [change for change in armed.changes if change.gpio == RELAY + output]
        period = 311 + output
        starts = [(change.at_ns - 7_000_000_000) // 1000 for change in edges if change.level]
        assert starts == [1_000 + output + period * k for k in range(50)]


def test_a_random_train_follows_from_its_seed(armed: Bench) -> None:
    def train(seed: int) -> list[tuple[int, int | None]]:
        at_us = armed.board.clock().ticks_us + 1_000
        armed.board.scatter(0, 1, at_us=at_us, widths_us=(1_000, 5_000), gaps_us=(2_000, 90_000), count=40, seed=seed)
        armed.wait_ms(5_000)
        return [(at - at_us, level) for at, level in armed.edges(RELAY)]

    first, same, other = train(7), train(7), train(8)
    assert first == same != other
    times = [at for at, _ in first]
    widths = [b - a for a, b in zip(times[::2], times[1::2], strict=True)]
    gaps = [b - a for a, b in zip(times[1::2], times[2::2], strict=False)]
    assert all(1_000 <= width <= 5_000 for width in widths)
    assert all(2_000 <= gap <= 90_000 for gap in gaps)
    assert len(set(widths)) > 30


@given(low=st.integers(1, 1000), span=st.integers(0, (1 << 28) - 1), seed=st.integers(0, 65536))
def test_draws_stay_within_their_limits_and_the_boards_small_integers(low: int, span: int, seed: int) -> None:
    pulses = Loader([FIRMWARE, FIXTURES], {}).load("pulses")
    assert low <= pulses.spread(low, span, seed) <= low + span
    assert 0 <= pulses.draw(seed) <= 65536
    # A product of 2**30 or more would allocate, which a hard interrupt must not.
    assert max(seed * 75 + 74, (span >> 14) * (seed >> 2), (span & 0x3FFF) * (seed >> 2)) < 1 << 30


def test_the_random_sequence_is_long() -> None:
    pulses = Loader([FIRMWARE, FIXTURES], {}).load("pulses")
    seed, seen = 1, set()
    while seed not in seen:
        seen.add(seed)
        seed = pulses.draw(seed)
    assert len(seen) > 60_000


def test_a_start_beyond_the_counters_reach(armed: Bench) -> None:
    hour_us = 3_600_000_000
    armed.board.pulse(0, 1, at_us=hour_us, width_us=20_000)
    for _ in range(125):
        armed.wait_ms(29_000)
        armed.board.clock()
    assert armed.edges(RELAY) == [(hour_us, 1), (hour_us + 20_000, 0)]


def test_the_counters_wrap_is_no_event(armed: Bench) -> None:
    wrap_us = 1 << 30
    for _ in range(37):
        armed.wait_ms(29_000)
        armed.board.clock()
    armed.board.pulse(0, 1, at_us=wrap_us - 500, width_us=1_000, gap_us=1_000, count=2)
    armed.wait_ms(29_000)
    assert [at - wrap_us for at, _ in armed.edges(RELAY)] == [-500, 500, 1_500, 2_500]
    assert armed.board.clock().ticks_us == 38 * 29_000_000


def test_a_pulse_on_the_nth_edge(armed: Bench) -> None:
    armed.board.anchor(0, 1, line=1, edge=Edge.RISING, nth=3, offset_us=2_500, width_us=100)
    for level in (1, 0, 1, 0, 1, 0, 1):
        armed.wait_ms(10)
        armed.outside.set_level(LINES[1], level)
    armed.wait_ms(10)
    assert armed.edges(RELAY) == [(52_500, 1), (52_600, 0)]


def test_a_pulse_without_offset_starts_with_its_edge(armed: Bench) -> None:
    armed.board.anchor(0, 1, line=0, edge=Edge.FALLING, offset_us=0, width_us=100)
    armed.outside.set_level(LINES[0], 1)
    armed.wait_ms(5)
    armed.outside.set_level(LINES[0], 0)
    armed.wait_ms(5)
    assert armed.edges(RELAY) == [(5_000, 1), (5_100, 0)]


def test_cancelling_leaves_the_level(armed: Bench) -> None:
    armed.board.pulse(0, 1, at_us=1_000, width_us=20_000, gap_us=20_000, count=9)
    armed.board.anchor(1, 1, line=0, edge=Edge.RISING, offset_us=0, width_us=100)
    armed.wait_ms(5)
    armed.board.cancel(0)
    armed.board.cancel(1)
    armed.outside.set_level(LINES[0], 1)
    armed.wait_ms(500)
    assert [(change.gpio, change.level) for change in armed.changes] == [(RELAY, 1)]


def test_the_dead_man_ends_schedules(armed: Bench) -> None:
    armed.board.arm(100)
    armed.board.pulse(0, 1, width_us=1_000, gap_us=1_000, count=10_000)
    armed.board.anchor(1, 1, line=0, edge=Edge.RISING, offset_us=0, width_us=100)
    armed.wait_ms(500)
    last_us, level = armed.edges(RELAY)[-1]
    assert level == 0
    assert last_us <= 106_000
    armed.board.arm(60_000)
    armed.outside.set_level(LINES[0], 1)
    armed.wait_ms(1_000)
    assert armed.changes == []


@pytest.mark.parametrize(
    ("width_us", "gap_us", "count"),
    [(0, 0, 1), (1 << 28, 0, 1), (500, 1 << 28, 2), (500, 0, 2), (99, 500, 2), (500, 99, 2), (500, 500, 0)],
)
def test_schedules_out_of_range_are_refused(armed: Bench, width_us: int, gap_us: int, count: int) -> None:
    with pytest.raises(RequestRefused):
        armed.board.pulse(0, 1, width_us=width_us, gap_us=gap_us, count=count)


def test_anchors_out_of_range_are_refused(armed: Bench) -> None:
    with pytest.raises(RequestRefused, match="4 inputs"):
        armed.board.anchor(0, 1, line=4, edge=Edge.RISING, offset_us=0, width_us=100)
    with pytest.raises(RequestRefused, match="nth >= 1"):
        armed.board.anchor(0, 1, line=0, edge=Edge.RISING, nth=0, offset_us=0, width_us=100)
