"""
Time on the real MicroPython VM: schedules, edges, and its clock on ours. A VM tick is 5 ms.

What happens on time may still look late where the kernel had no processor for the VM: how long it was ready and had to
wait is counted by the kernel, and that alone comes on top of a tick.
"""

from __future__ import annotations

import itertools
import statistics
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from harness import clock
from harness.board.answers import Chip, Edge
from harness.board.client import Board
from harness.board.clocksync import ClockSync
from harness.board.failures import RequestRefused
from harness.board.link import Link
from harness.board.seam import PinChange, World
from harness.board.unsolicited import Done, Edges, Switching
from harness.board.vm import VMBoard

from ..starved import Starved
from .conftest import FIRMWARE, FIXTURES

pytestmark = pytest.mark.vm

TICK_US = 5_000
RELAY = 2


def switched(world: World, since_ns: int, count: int) -> list[PinChange]:
    """
    The relay's changes since then, once `count` have come: they travel apart from the port.
    """

    def changes() -> list[PinChange]:
        return [change for change in list(world.changes) if change.gpio == RELAY and change.at_ns > since_ns]

    world.wait_for(lambda: len(changes()) >= count)
    return changes()


def pulse_ahead(board: Board, lead_us: int, *, width_us: int, gap_us: int = 0, count: int = 1) -> int:
    """
    Schedules the relay's pulses that far ahead, and returns for when; further, if that moment had passed before the
    board was told.
    """
    while True:
        at_us = board.clock().ticks_us + lead_us
        try:
            assert board.pulse(0, 1, at_us=at_us, width_us=width_us, gap_us=gap_us, count=count) == at_us
            return at_us
        except RequestRefused as refusal:
            if "in the past" not in refusal.reason:
                raise
            lead_us *= 2


def test_every_scheduled_pulse_fires_within_a_tick_and_says_how_late(vm: VMBoard, board: Board, world: World) -> None:
    board.arm(5_000)
    for _ in range(15):
        starved, asked_ns = Starved(vm.process.pid), clock.now_ns()
        at_us = pulse_ahead(board, 30_000, width_us=10_000)
        done = board.events_until(Done, 2)[-1]
        assert isinstance(done, Done)
        on, off = switched(world, asked_ns, 2)
        assert (on.level, off.level) == (1, 0)
        late_us = [(on.at_ns - world.born_ns) / 1_000 - at_us, (off.at_ns - world.born_ns) / 1_000 - at_us - 10_000]
        assert min(late_us) > -2
        waited_us = 1_000 * starved.ms
        assert max(late_us) < done.late_us + 1_000 + waited_us
        assert max(late_us) < TICK_US + waited_us


def test_every_switching_of_a_train_is_on_time(vm: VMBoard, board: Board, world: World) -> None:
    board.arm(5_000)
    while True:
        starved, asked_ns = Starved(vm.process.pid), clock.now_ns()
        at_us = pulse_ahead(board, 20_000, width_us=1_000, gap_us=1_000, count=100)
        done = board.events_until(Done, 5)[-1]
        assert isinstance(done, Done)
        # A board that got no processor for 100 ms drops what is left of a train.
        if done.switchings == 200 or starved.ms < 90:
            break
    edges = switched(world, asked_ns, 200)
    late_us = [(edge.at_ns - world.born_ns) / 1_000 - at_us - 1_000 * k for k, edge in enumerate(edges)]
    assert len(late_us) == done.switchings == 200
    assert min(late_us) > -2
    # Each within a tick, and what the kernel kept the VM waiting meanwhile; none of it adds up to a drift, which would
    # leave none of the later half punctual.
    waited_us = 1_000 * starved.ms
    assert max(late_us) < TICK_US + waited_us
    assert min(late_us[100:]) < TICK_US
    assert max(late_us) < done.late_us + 1_000 + waited_us


def test_an_anchored_pulse_follows_its_edge(vm: VMBoard, board: Board, world: World) -> None:
    board.arm(5_000)
    board.watch(rising=0b10, falling=0)
    for _ in range(9):
        starved = Starved(vm.process.pid)
        board.anchor(0, 1, line=1, edge=Edge.RISING, nth=2, offset_us=8_000, width_us=2_000)
        for level in (1, 0, 1, 0):
            world.set_level(11, level)
        edges: list[Switching] = []
        while len(edges) < 4:
            event = board.events_until(Edges, 2)[-1]
            assert isinstance(event, Edges)
            edges += event.edges
        second, on, off = edges[-3:]
        assert [second.is_output, on.is_output, off.is_output] == [False, True, True]
        late_us = on.ticks_us - second.ticks_us - 8_000
        assert 0 <= late_us < TICK_US + 1_000 * starved.ms
        assert off.ticks_us >= second.ticks_us + 10_000


def catch_edges(board: Board, world: World, edges: Iterable[int]) -> None:
    """
    Makes an edge for each, and expects them all.
    """
    board.watch(rising=1, falling=1)
    caught: list[Switching] = []
    count, lost = 0, 0
    for k in edges:
        count += 1
        world.set_level(10, count % 2)
        if k % 50 == 0:
            board.clock()
        while (event := board.event(0)) is not None:
            if isinstance(event, Edges):
                caught += event.edges
                lost = event.lost
            assert event.missed == 0
    board.clock()
    while len(caught) + lost < count:
        event = board.events_until(Edges, 2)[-1]
        assert isinstance(event, Edges)
        caught += event.edges
        lost = event.lost
    assert lost == 0
    assert len(caught) == count
    assert [edge.level for edge in caught] == [1 - k % 2 for k in range(count)]
    stamps = [edge.ticks_us for edge in caught]
    assert stamps == sorted(stamps)


def test_edges_arrive_in_order_and_all(board: Board, world: World) -> None:
    catch_edges(board, world, range(1_000))


@pytest.mark.timeout(300)
def test_a_kilohertz_of_edges_for_a_minute_arrives_in_order_and_all(board: Board, world: World) -> None:
    def a_minute() -> Iterator[int]:
        started_ns, pause = clock.now_ns(), threading.Event()
        for k in range(60_000):
            pause.wait(max(0, k / 1_000 - (clock.now_ns() - started_ns) / clock.NS_PER_S))
            yield k

    catch_edges(board, world, a_minute())


@pytest.mark.parametrize("ppm", [-50.0, 50.0])
def test_board_ticks_on_our_clock(vm_modules: Path, ppm: float, record_property: Callable[[str, object], None]) -> None:
    # The counter starts shortly before its 30-bit wrap; the world knows the truth.
    sync = ClockSync()
    with (
        VMBoard(firmware=FIRMWARE, fixtures=FIXTURES, vm=vm_modules, ppm=ppm, ticks_us=(1 << 30) - 1_500_000) as vm,
        World(vm.world) as world,
        Link(vm.path) as link,
    ):
        board = Board(link)
        board.hello()
        board.arm(5_000)
        stamps, trips_ns = [], []
        for k in itertools.count():
            seen = board.clock()
            if seen.ticks_us > (1 << 30) + 200_000:
                break
            trips_ns.append(seen.received_ns - seen.sent_ns)
            sync.add(sent_ns=seen.sent_ns, ticks_us=seen.ticks_us, received_ns=seen.received_ns, boot_id=seen.boot_id)
            stamps.append(board.write(0, 1 - k % 2))
        born_ns = world.born_ns
    assert (sync.reboots, sync.wraps) == (0, 0)
    assert stamps[0] < 1 << 30 < stamps[-1]
    errors = []
    for ticks_us in stamps:
        truth_ns = born_ns + ticks_us * 1_000 / (1 + ppm * 1e-6)
        span = sync.span(ticks_us)
        # Both the world's start and its counter are whole microseconds.
        assert span.earliest_ns - 2_000 <= truth_ns <= span.latest_ns + 2_000
        errors.append(abs(sync.estimate_ns(ticks_us) - truth_ns) / 1_000)
    record_property("clock_error_us", {"median": statistics.median(errors), "worst": max(errors)})
    # 50 us on a machine of its own. No clock is read better than its exchanges let it: half of one is not to be told.
    assert statistics.median(errors) < max(50, statistics.median(trips_ns) / 2_000)


def test_the_dut_reads_the_gauge(board: Board, world: World) -> None:
    board.start_gauge(Chip.MAX17048)
    board.set_gauge(level_percent=42, voltage_v=3.7)
    assert world.i2c(0x36, b"\x02", 4) == bytes([0xB9, 0x00, 0x2A, 0x00])
    assert world.i2c(0x55, b"\x02", 4) is None
    board.start_gauge(Chip.INA219)
    assert world.i2c(0x43, b"\x02", 2) == (925 << 3 | 2).to_bytes(2, "big")


def test_the_world_sets_what_the_adc_reads(board: Board, world: World) -> None:
    world.set_adc(26, 32_768)
    assert board.read_adc(0).voltage_v == pytest.approx(1.65, abs=0.001)
