"""
A board in the lab: the real firmware on the virtual board, wired to the played world.
"""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from harness import clock
from harness.board.answers import Chip
from harness.board.client import Board
from harness.board.link import Link
from harness.board.unsolicited import Done, Edges
from harness.config.rig import load_rig
from harness.errors import BenchError, DeviceError, UsageError
from harness.lab import place
from harness.lab.launch import ensure, serial_port
from tests.lab.conftest import Playing, is_alive
from tests.starved import NS_PER_MS, Starved

pytestmark = [pytest.mark.lab, pytest.mark.vm]

RIG = """
title = "a unit behind a board"
environment = "lab"

[devices.pico]
kind = "board"
port = "lab:pico"

[devices.mains]
kind = "board_switch"
board = "pico"
output = 0

[dut.edge-node]
roles = { power = "mains" }

[world.boards.pico]
analog = [{ pin = 26, rail = "main", full_scale = "6.6 V" }]
CRYSTAL

[world.rails.main]
dut = "edge-node"
hold_up = "5 ms"
contact = { board = "pico", pin = 2, active_low = false, operate = "50 us", release = "50 us", bounce = "0 s" }

[world.units.edge-node]
program = ["edge_node"]
boot = "0 s"
gauge = "pico"
"""


@pytest.fixture(name="playing")
def _playing(tmp_path: Path) -> Iterator[Playing]:
    path = tmp_path / "rig.toml"
    path.write_text(RIG.replace("CRYSTAL", ""), encoding="utf-8")
    rig = load_rig(str(path))
    playing = Playing(rig, clock.run(partial(ensure, rig, idle_s=30.0)))
    yield playing
    if is_alive(playing.pid):
        os.kill(playing.pid, signal.SIGTERM)
        playing.until(lambda: not is_alive(playing.pid))
    playing.lab.close()


@pytest.fixture(name="board")
def _board(playing: Playing) -> Iterator[Board]:
    with Link(serial_port(playing.rig, "pico")) as link:
        board = Board(link)
        board.hello()
        board.arm(60_000)
        yield board


def seen(playing: Playing) -> dict[str, Any]:
    """
    What the lab says of the board.
    """
    return dict(playing.lab.client.state()["boards"]["pico"])


def fed_again(playing: Playing) -> None:
    """
    Waits until the unit's power has fallen, and has risen since.
    """
    playing.until(lambda: playing.unit()["rose_ns"] > (playing.unit()["fell_ns"] or 1 << 62))


def test_its_output_cuts_the_rail_and_its_analog_input_sees_that(playing: Playing, board: Board) -> None:
    playing.until(lambda: board.read_adc(0).voltage_v == pytest.approx(2.5, abs=0.01))
    board.write(0, 1)
    playing.until(lambda: playing.rail_v() < 0.5)
    assert seen(playing)["levels"]["2"] == 1
    playing.until(lambda: board.read_adc(0).voltage_v < 0.25)
    board.write(0, 0)
    playing.until(lambda: playing.rail_v() > 4.9)


def test_a_pulse_is_as_long_on_the_rail_as_on_the_board(playing: Playing, board: Board) -> None:
    playing.until_serving()
    starved = Starved(seen(playing)["pid"])
    board.pulse(0, 1, width_us=20_000)
    told = [event for event in board.events_until(Done, 5) if isinstance(event, Edges)]
    on_us, off_us = (edge.ticks_us for event in told for edge in event.edges if edge.is_output)
    fed_again(playing)
    unit = playing.unit()
    # The rail falls 5 ms after the contact opened, and rises when it closes; the board stamped how late it made either.
    expected_ns = (off_us - on_us - 5_000) * 1_000
    assert unit["rose_ns"] - unit["fell_ns"] == pytest.approx(expected_ns, abs=1_500_000 + starved.ms * NS_PER_MS)


def test_it_outlives_its_host_and_feeds_the_unit_when_that_falls_silent(playing: Playing) -> None:
    with Link(serial_port(playing.rig, "pico")) as link:
        board = Board(link)
        first = board.hello()
        board.arm(1_000)
        starved = Starved(seen(playing)["pid"])
        board.write(0, 1)
        silent_ns = clock.now_ns()
    fed_again(playing)
    assert (playing.unit()["rose_ns"] - silent_ns) / NS_PER_MS < 1_100 + starved.ms
    playing.until(lambda: playing.rail_v() > 4.9)
    with Link(serial_port(playing.rig, "pico")) as link:
        again = Board(link).hello()
    assert (again.boot_id, again.state.name) == (first.boot_id, "TRIPPED")


def test_the_e_stop_of_the_world_stops_it(playing: Playing, board: Board) -> None:
    board.write(0, 1)
    playing.lab.client.ask("input", board="pico", pin=14, level=1)
    playing.until(lambda: seen(playing)["levels"]["2"] == 0)
    assert board.status().is_stopped


def test_its_lines_float_when_it_loses_its_power(playing: Playing, board: Board) -> None:
    board.write(0, 1)
    playing.until(lambda: playing.rail_v() < 0.5)
    os.kill(seen(playing)["pid"], signal.SIGKILL)
    playing.until(lambda: playing.rail_v() > 4.9)
    assert seen(playing)["levels"] == {}


def ask(lines: Any, message: object) -> dict[str, Any]:
    """
    One line to the gauge's socket, and its answer.
    """
    lines.write(json.dumps(message).encode() + b"\n")
    lines.flush()
    return dict(json.loads(lines.readline()))


def test_a_unit_reads_the_gauge_over_its_socket(playing: Playing, board: Board) -> None:
    board.start_gauge(Chip.MAX17048)
    board.set_gauge(level_percent=50.0, voltage_v=3.7)
    with socket.socket(socket.AF_UNIX) as wire:
        wire.settimeout(5)
        wire.connect(str(place.gauge(playing.socket, 0)))
        with wire.makefile("rwb") as lines:
            state_of_charge = ask(lines, {"address": 0x36, "write": "04", "read": 2})
            assert bytes.fromhex(state_of_charge["data"])[0] == 50
            assert ask(lines, {"address": 0x37, "write": "04", "read": 2}) == {"nack": True}
            assert "not a transfer" in ask(lines, {"address": "x"})["error"]
            assert ask(lines, {"address": 0x36, "write": "08", "read": 2})["data"]


def test_nothing_of_it_is_left_when_the_lab_ends(playing: Playing) -> None:
    board, gauge = seen(playing)["pid"], place.gauge(playing.socket, 0)
    assert gauge.is_socket()
    os.kill(playing.pid, signal.SIGTERM)
    playing.until(lambda: not is_alive(playing.pid))
    assert not is_alive(board)
    assert not gauge.exists()


def test_a_board_that_the_world_has_not_is_told(playing: Playing) -> None:
    with pytest.raises(UsageError, match="did you mean 'pico'"):
        serial_port(playing.rig, "pcio")
    with pytest.raises(DeviceError, match="pcio"):
        playing.lab.client.serial_port("pcio")


def test_a_lab_without_micropython_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASHBENCH_VM", str(tmp_path))
    path = tmp_path / "rig.toml"
    path.write_text(RIG.replace("CRYSTAL", 'crystal = "20 ppm"'), encoding="utf-8")
    with pytest.raises(BenchError, match="npm install"):
        clock.run(ensure, load_rig(str(path)))
