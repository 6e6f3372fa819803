"""
Who dies, and what the outputs do: on the real firmware on the real MicroPython VM.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from functools import partial

import pytest

from harness.board.answers import Cause, State
from harness.board.client import Board
from harness.board.failures import RequestRefused
from harness.board.link import Link
from harness.board.seam import PinChange, World
from harness.board.unsolicited import Tripped
from harness.board.vm import VMBoard

from ..starved import Starved
from .conftest import ROOT

pytestmark = pytest.mark.vm

LIMIT_MS = 100
GRACE_MS = 20

HOST = textwrap.dedent(
    """
    import sys, threading
    from harness.board.client import Board
    from harness.board.link import Link
    board = Board(Link(sys.argv[1]), timeout_s=10)
    board.hello()
    board.arm(int(sys.argv[2]))
    board.write(0, 1)
    board.pulse(1, 1, width_us=3000, gap_us=3000, count=100000)
    print("up", flush=True)
    while True:
        board.clock()
        threading.Event().wait(0.01)
    """
)


def relay(world: World, since_ns: int) -> list[PinChange]:
    """
    What the relay's output did since then.
    """
    return [change for change in list(world.changes) if change.gpio == 2 and change.at_ns > since_ns]


def kill_host_and_time_safety(vm: VMBoard, world: World, after_s: float) -> list[float]:
    """
    Starts a host that switches and beats, SIGKILLs it `after_s` later, and tells in ms how long after the kill the
    last output was safe, without the time that the board was kept waiting by the machine. Tells nothing when the
    machine kept the host waiting for so long that the board had tripped before.
    """
    started_ns = time.monotonic_ns()
    argv = [sys.executable, "-c", HOST, vm.path, str(LIMIT_MS)]
    host = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert host.stdout is not None
        if host.stdout.readline() != b"up\n":
            return []
        with pytest.raises(subprocess.TimeoutExpired):
            host.wait(after_s)
        starved, killed_ns = Starved(vm.process.pid), time.monotonic_ns()
        host.send_signal(signal.SIGKILL)
        host.wait()
        world.wait_for(lambda: [change.level for change in relay(world, started_ns)] == [1, 0])
        world.wait_for(lambda: all(level == 0 for level in world.levels.values()))
        last_ns = max(change.at_ns for change in list(world.changes)[-20:])
        return [(last_ns - killed_ns) / 1e6 - starved.ms] if last_ns > killed_ns else []
    finally:
        host.kill()
        host.wait()
        if host.stdout is not None:
            host.stdout.close()


def sigkills(vm: VMBoard, world: World, times: int) -> None:
    rng = random.Random(7)
    took: list[float] = []
    while len(took) < times:
        took += kill_host_and_time_safety(vm, world, rng.uniform(0, 0.2))
    assert max(took) <= LIMIT_MS + GRACE_MS, took


def switch_on(board: Board, world: World) -> int:
    """
    Arms for the limit, drives the relay and starts a train beside it; all that again if the machine kept this host
    waiting for longer than the limit. Returns the relay's ticks, once the world has seen it.
    """
    while True:
        asked_ns = time.monotonic_ns()
        board.arm(LIMIT_MS)
        try:
            ticks_us = board.write(0, 1)
            board.pulse(1, 1, width_us=2_000, gap_us=2_000, count=100_000)
        except RequestRefused as refusal:
            if refusal.reason != "not armed":
                raise
            continue
        world.wait_for(partial(relay, world, asked_ns))
        return ticks_us


def test_outputs_are_safe_after_the_host_is_killed(vm: VMBoard, world: World) -> None:
    sigkills(vm, world, 3)


@pytest.mark.timeout(300)
def test_outputs_are_safe_thirty_of_thirty_times(vm: VMBoard, world: World) -> None:
    sigkills(vm, world, 30)


def test_outputs_are_safe_after_the_port_is_closed_and_the_next_host_is_told(vm: VMBoard, world: World) -> None:
    with Link(vm.path) as link:
        board = Board(link)
        first = board.hello()
        switch_on(board, world)
        starved, heard_ns = Starved(vm.process.pid), board.clock().received_ns
    safe = world.wait_for_level(2, 0)
    assert (safe.at_ns - heard_ns) / 1e6 <= LIMIT_MS + GRACE_MS + starved.ms
    with Link(vm.path) as link:
        board = Board(link)
        second = board.hello()
        assert second.boot_id == first.boot_id
        assert second.state is State.TRIPPED
        status = board.status()
        assert status.cause is Cause.DEADMAN
        tripped = board.events_until(Tripped, 2)[-1]
        assert isinstance(tripped, Tripped)
        assert tripped.ticks_us == status.tripped_at_us
        assert switch_on(board, world) > tripped.ticks_us


def test_outputs_are_safe_whenever_the_cable_is_pulled(vm: VMBoard, world: World) -> None:
    rng = random.Random(11)
    for _ in range(12):
        with Link(vm.path) as link:
            board = Board(link)
            assert board.hello().state is not State.ARMED
            switch_on(board, world)
            heard_ns = board.clock().received_ns
            # At any moment: between two frames, within one, with answers under way.
            for _ in range(rng.randrange(40)):
                heard_ns = board.clock().received_ns
            link.send("echo", bytes(rng.randrange(249)))
            starved, asked_ns = Starved(vm.process.pid), time.monotonic_ns()
            if rng.random() < 0.5:
                link._port.write(b"\xa5\xf0" + bytes(rng.randrange(200)))
        world.wait_for(lambda: all(level == 0 for level in world.levels.values()))
        last_ns = max(change.at_ns for change in list(world.changes)[-20:])
        assert (last_ns - max(heard_ns, asked_ns)) / 1e6 <= LIMIT_MS + GRACE_MS + starved.ms


def test_the_e_stop_cuts_while_the_host_is_well(board: Board, world: World) -> None:
    board.arm(5_000)
    board.write(0, 1)
    world.wait_for_level(2, 1)
    stopped_ns = world.set_level(14, 1)
    safe = world.wait_for_level(2, 0)
    assert safe.at_ns <= stopped_ns
    assert board.status().cause is Cause.ESTOP


def test_outputs_float_when_the_board_loses_its_power(vm: VMBoard, board: Board, world: World) -> None:
    board.arm(5_000)
    board.write(0, 1)
    world.wait_for_level(2, 1)
    vm.process.terminate()
    vm.process.wait()
    with pytest.raises(OSError, match=r"."):
        os.stat(f"/proc/{vm.process.pid}/fd/1")
