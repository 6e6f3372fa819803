"""
Edge capture.
"""

from __future__ import annotations

import pytest

from harness.board.unsolicited import Edges, Switching

from .conftest import Bench

LINES = (10, 11, 12, 13)


def caught(bench: Bench) -> tuple[list[Switching], list[Edges]]:
    bench.wait_ms(5)
    edges: list[Switching] = []
    events: list[Edges] = []
    while (event := bench.board.event(0)) is not None:
        if isinstance(event, Edges):
            edges += event.edges
            events.append(event)
    return edges, events


def test_edges_in_order_with_their_times(bench: Bench) -> None:
    bench.board.watch(rising=0b1111, falling=0b0010)
    expected = []
    for k in range(100):
        bench.wait_ms(1)
        bench.outside.set_level(LINES[k % 4], 1)
        bench.outside.set_level(LINES[k % 4], 0)
        expected.append((k % 4, 1, 1000 * (k + 1)))
        if k % 4 == 1:
            expected.append((1, 0, 1000 * (k + 1)))
    bench.board.clock()
    edges, events = caught(bench)
    assert [(edge.line, edge.level, edge.ticks_us) for edge in edges] == expected
    assert [event.first for event in events] == [sum(len(e.edges) for e in events[:k]) for k in range(len(events))]
    assert events[-1].lost == 0


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("start", [0, 1])
def test_edges_within_one_latency_are_all_logged(bench: Bench, count: int, start: int) -> None:
    bench.outside.set_level(LINES[0], start)
    bench.board.watch(rising=1, falling=1)
    bench.outside._machine.merge_in(LINES[0], count)
    bench.outside._machine.merge_in(LINES[0], count)
    levels = [(start + 1 + k) % 2 for k in range(2 * count)]
    assert [edge.level for edge in caught(bench)[0]] == levels


def test_an_edge_that_was_seen_before_its_own_interrupt_is_logged_once(bench: Bench) -> None:
    bench.board.watch(rising=1, falling=1)
    pin = bench.outside._machine.Pin(LINES[0])
    # The line fell again between the rise's interrupt and its look at the level; then comes the fall's own.
    for flags in (pin.IRQ_RISING, pin.IRQ_FALLING):
        pin._flags = flags
        pin._handler(pin)
    bench.outside.set_level(LINES[0], 1)
    assert [edge.level for edge in caught(bench)[0]] == [1, 0, 1]


def test_a_port_that_does_not_tell_the_kinds_sees_two(bench: Bench) -> None:
    bench.board.watch(rising=1, falling=1)
    line = bench.outside._core._inputs._lines[0]
    line._flags = None
    bench.outside._machine.merge_in(LINES[0], 2)
    assert [edge.level for edge in caught(bench)[0]] == [1, 0]


def test_unwatched_lines_are_silent(bench: Bench) -> None:
    bench.outside.set_level(LINES[0], 1)
    assert caught(bench)[0] == []
    assert bench.board.levels()[1] == 1


def test_a_full_ring_counts_what_it_loses(bench: Bench) -> None:
    bench.board.watch(rising=1, falling=1)
    bench.wait_ms(3_000)
    for k in range(700):
        bench.outside.set_level(LINES[0], 1 - k % 2)
    assert bench.board.status().edges_lost == 188
    edges, events = caught(bench)
    assert len(edges) == 512
    assert events[-1].lost == 188


def test_edges_too_old_to_date_are_counted_as_lost(bench: Bench) -> None:
    bench.board.watch(rising=1, falling=1)
    bench.wait_ms(3_000)
    for k in range(10):
        bench.outside.set_level(LINES[0], 1 - k % 2)
    bench.wait_ms(600_000)
    bench.outside.set_level(LINES[0], 1)
    bench.board.clock()
    edges, events = caught(bench)
    assert [edge.ticks_us for edge in edges] == [603_000_000]
    assert (events[-1].lost, events[-1].first) == (10, 10)


def test_events_wait_until_a_host_listens(bench: Bench) -> None:
    bench.board.watch(rising=1, falling=1)
    bench.wait_ms(5_000)
    bench.outside.set_level(LINES[0], 1)
    assert caught(bench)[0] == []
    bench.board.clock()
    assert [edge.ticks_us for edge in caught(bench)[0]] == [5_000_000]
