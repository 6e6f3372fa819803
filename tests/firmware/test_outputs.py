"""
Safe levels, dead-man, e-stop and arming.
"""

from __future__ import annotations

import pytest

from harness.board.answers import Cause, State
from harness.board.failures import BoardRebooted, RequestRefused
from harness.board.unsolicited import Booted, Edges, EStop, Switching, Tripped

from .conftest import Bench

RELAY = 2
ESTOP = 14


def test_outputs_are_driven_safe_before_anything_else() -> None:
    bench = Bench()
    driven = [change.gpio for change in bench.changes if change.level == 0]
    assert driven[:6] == [2, 3, 4, 5, 6, 7]
    assert {change.level for change in bench.changes} == {0}


def test_nothing_moves_unless_armed(bench: Bench) -> None:
    with pytest.raises(RequestRefused, match="write: not armed"):
        bench.board.write(0, 1)
    with pytest.raises(RequestRefused, match="pulse: not armed"):
        bench.board.pulse(0, 1, width_us=1000)
    assert bench.changes == []


def test_a_silent_host_trips_the_dead_man(bench: Bench) -> None:
    bench.board.arm(200)
    bench.board.write(0, 1)
    bench.wait_ms(199)
    bench.board.clock()
    bench.wait_ms(199)
    assert bench.outside.levels[RELAY] == 1
    bench.wait_ms(30)
    rise, fall = bench.edges(RELAY)
    assert rise[1] == 1
    assert fall[1] == 0
    assert 399_000 < fall[0] <= 399_000 + 6_000
    status = bench.board.status()
    assert (status.state, status.cause, status.limit_ms) == (State.TRIPPED, Cause.DEADMAN, 200)
    assert status.tripped_at_us == pytest.approx(fall[0], abs=1)


def test_only_arming_brings_the_outputs_back(bench: Bench) -> None:
    bench.board.arm(50)
    bench.board.write(0, 1)
    bench.wait_ms(100)
    with pytest.raises(RequestRefused):
        bench.board.write(0, 1)
    bench.board.arm(50)
    assert bench.outside.levels[RELAY] == 0
    bench.board.write(0, 1)
    assert bench.outside.levels[RELAY] == 1


def test_the_next_host_finds_the_board_tripped(bench: Bench) -> None:
    bench.board.arm(50)
    bench.board.write(1, 1)
    bench.wait_ms(3_600_000)
    assert bench.board.hello().state is State.TRIPPED
    events = bench.board.events_until(Tripped, 1)
    tripped = events[-1]
    assert isinstance(tripped, Tripped)
    assert tripped.cause == Cause.DEADMAN
    assert tripped.levels_before == 0b10
    assert tripped.ticks_us == pytest.approx(55_000, abs=6_000)


def test_disarming_makes_safe_without_a_trip(bench: Bench) -> None:
    bench.board.arm(1000)
    bench.board.write(0, 1)
    bench.board.disarm()
    assert bench.outside.levels[RELAY] == 0
    assert bench.board.status().state is State.SAFE
    bench.wait_ms(5000)
    assert bench.board.status().state is State.SAFE


def test_the_e_stop_trips_at_once_and_keeps_the_board_from_arming(bench: Bench) -> None:
    bench.board.arm(1000)
    bench.board.write(0, 1)
    bench.wait_ms(10)
    bench.outside.set_level(ESTOP, 1)
    assert bench.edges(RELAY)[-1] == (10_000, 0)
    assert bench.board.status().is_stopped
    with pytest.raises(RequestRefused, match="e-stop"):
        bench.board.arm(1000)
    bench.outside.set_level(ESTOP, 0)
    assert bench.board.status().state is State.TRIPPED
    bench.board.arm(1000)
    events = bench.board.events_until(Tripped, 1)
    assert [event.is_stopped for event in events if isinstance(event, EStop)] == [True]
    released = bench.board.events_until(EStop, 1)[-1]
    assert isinstance(released, EStop)
    assert not released.is_stopped


def test_an_unplugged_e_stop_stops() -> None:
    bench = Bench(inputs={ESTOP: 1})
    bench.board.hello()
    with pytest.raises(RequestRefused, match="its contact to ground is missing"):
        bench.board.arm(1000)


@pytest.mark.parametrize("limit_ms", [0, 19, 60_001])
def test_limits_out_of_range_are_refused(bench: Bench, limit_ms: int) -> None:
    with pytest.raises(RequestRefused, match="20 to 60000 ms"):
        bench.board.arm(limit_ms)


def test_unknown_outputs_and_levels_are_refused(bench: Bench) -> None:
    bench.board.arm(1000)
    for output, level in ((6, 0), (0, 2)):
        with pytest.raises(RequestRefused):
            bench.board.write(output, level)


def test_every_switching_is_stamped_in_order(bench: Bench) -> None:
    bench.board.arm(1000)
    stamps = []
    for output in (0, 1, 0):
        bench.wait_ms(5)
        stamps.append(bench.board.write(output, 1 - (bench.board.levels()[0] >> output & 1)))
    bench.wait_ms(5)
    edges: list[Switching] = []
    while len(edges) < 3:
        event = bench.board.events_until(Edges, 1)[-1]
        assert isinstance(event, Edges)
        edges += event.edges
    assert [(edge.is_output, edge.line, edge.level) for edge in edges] == [(True, 0, 1), (True, 1, 1), (True, 0, 0)]
    assert [edge.ticks_us for edge in edges] == stamps


def test_a_restarted_board_answers_nobody_who_has_not_greeted_it(bench: Bench) -> None:
    bench.board.arm(1000)
    bench.board.write(0, 1)
    bench.outside.reset_board()
    assert bench.outside.levels[RELAY] == 0
    assert [change.level for change in bench.changes if change.gpio == RELAY] == [1, None, 0]
    with pytest.raises(BoardRebooted):
        bench.board.arm(1000)
    bench.board.hello()
    assert bench.board.status().cause is Cause.BOOT
    bench.wait_ms(10)
    assert isinstance(bench.board.events_until(Booted, 1)[-1], Booted)


def test_restart_puts_everything_to_safety_first(bench: Bench) -> None:
    bench.board.arm(1000)
    bench.board.write(0, 1)
    bench.board.restart()
    assert bench.outside.levels[RELAY] == 0
    with pytest.raises(BoardRebooted):
        bench.board.status()
