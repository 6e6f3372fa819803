"""
The link to the real firmware on the real MicroPython VM: requests, garbage, restarts, exclusive ports.
"""

from __future__ import annotations

import os
import random
import statistics
import tty
from pathlib import Path

import pytest
import serial

from harness.board import frames, protocol
from harness.board.answers import State
from harness.board.client import Board
from harness.board.failures import BoardLost, BoardRebooted, BoardSilent, FirmwareMismatch, RequestRefused
from harness.board.link import Link
from harness.board.seam import World
from harness.board.unsolicited import Booted
from harness.board.vm import VMBoard

pytestmark = pytest.mark.vm

SUMS = [("sum", protocol.pack("sum", k, 1)) for k in range(2_000)]


def test_requests_and_answers(board: Board) -> None:
    assert [board.sum(k, -2 * k) for k in range(-50, 50)] == [-k for k in range(-50, 50)]
    payload = bytes(range(248))
    assert board.echo(payload) == payload
    assert board.status().state is State.SAFE


def test_pipelined_requests_keep_their_order(link: Link, board: Board) -> None:
    replies = link.pipeline(SUMS)
    assert [int.from_bytes(reply.payload, "little") for reply in replies] == [k + 1 for k in range(2_000)]


def test_refusals_carry_their_reason(board: Board) -> None:
    with pytest.raises(RequestRefused, match="write: not armed"):
        board.write(0, 1)


def test_the_port_is_exclusive(link: Link) -> None:
    with pytest.raises(BoardLost, match=link.path):
        Link(link.path)


def test_a_missing_port_is_named(tmp_path: Path) -> None:
    with pytest.raises(BoardLost, match="nowhere"):
        Link(str(tmp_path / "nowhere"))


def test_another_protocol_is_refused(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "checksum", lambda: 1)
    with pytest.raises(FirmwareMismatch, match="run: crashbench board flash"):
        Board(link).hello()


def test_a_restarted_board_is_noticed_and_can_be_greeted_again(board: Board, world: World) -> None:
    before = board.hello()
    board.arm(5_000)
    board.write(0, 1)
    world.wait_for_level(2, 1)
    world.reset_board()
    assert world.wait_for_level(2, 0).level == 0
    with pytest.raises(BoardRebooted):
        board.write(0, 1)
    with pytest.raises(BoardRebooted):
        board.clock()
    after = board.hello()
    assert after.boot_id != before.boot_id
    assert after.state is State.SAFE
    booted = board.events_until(Booted, 2)[-1]
    assert isinstance(booted, Booted)


def test_news_of_a_start_does_not_fail_the_hello_that_follows_it(link: Link, board: Board) -> None:
    link.trust(1)
    pending = link.send("hello", protocol.pack("hello", protocol.checksum()), is_hello=True)
    link._take(frames.Frame(1, 0xC0, bytes(4)), 0)
    assert pending.wait(2).payload
    with pytest.raises(BoardRebooted):
        board.clock()


def test_a_board_that_loses_its_power_is_lost(vm: VMBoard, board: Board) -> None:
    vm.process.kill()
    vm.process.wait()
    with pytest.raises((BoardLost, BoardSilent)):
        board.clock()


def test_lost_events_are_counted(board: Board, link: Link, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    board.watch(rising=1, falling=0)
    board.events_until(Booted, 2)
    dropped: list[frames.Frame] = []
    take = link._take

    def drop_two(frame: frames.Frame, now: int) -> None:
        if frame.op in protocol.EVENTS and len(dropped) < 2:
            dropped.append(frame)
        else:
            take(frame, now)

    monkeypatch.setattr(link, "_take", drop_two)
    missed: list[int] = []
    level = 0
    # Edges that a board finds together are one event: as many as it takes.
    while len(missed) < 3:
        level = 1 - level
        world.set_level(10, level)
        board.clock()
        while (event := board.event(0.05)) is not None:
            missed.append(event.missed)
    assert (len(dropped), missed[0], sum(missed)) == (2, 2, 2)


JUNK = {
    "text": b"Traceback: boom\r\n",
    "control characters": b"\x03\x04\x00",
    "a false header": b"\xa5\xf0xyz",
    "a frame without a byte": frames.encode(200, 3, bytes(8))[:-2],
    "a frame without its first byte": frames.encode(200, 3, bytes(8))[1:],
    "half a frame": frames.encode(200, 3, bytes(8))[:6],
    "a wrong crc": frames.encode(200, 3, bytes(8))[:-1] + b"\x00",
}


@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK.keys())
def test_garbage_costs_at_most_one_request(link: Link, board: Board, junk: bytes) -> None:
    link._port.write(junk)
    lost = 0
    while True:
        try:
            answer = link.request("sum", protocol.pack("sum", 40, 2), timeout_s=3 if lost else 0.3).payload
            break
        except BoardSilent:
            lost += 1
            assert lost <= 1
    assert int.from_bytes(answer, "little") == 42


def fuzz(link: Link, board: Board, total: int, rng: random.Random) -> None:
    """
    Garbage to the board, whole frames in it too; after each portion a flush and a good request.
    """
    fuzzed, tries = 0, 0
    while fuzzed < total:
        portion = b""
        while len(portion) < 2_000:
            shape = rng.randrange(4)
            if shape == 0:
                portion += rng.randbytes(rng.randrange(1, 200))
            elif shape == 1:
                portion += b"\xa5" * rng.randrange(1, 20)
            else:
                frame = bytearray(frames.encode(rng.randrange(256), rng.choice([2, 3, 4, 5, 9]), rng.randbytes(8)))
                if shape == 2:
                    frame[rng.randrange(len(frame))] ^= 1 << rng.randrange(8)
                portion += frame[: rng.randrange(1, len(frame) + 1)]
        with link._lock:
            link._port.write(portion)
        fuzzed += len(portion)
        tries += 1
        link.flush()
        assert link.request("sum", protocol.pack("sum", 40, 2), timeout_s=5).payload == b"\x2a\0\0\0"
    assert board.status().bad_frames > tries


def test_fuzz(link: Link, board: Board) -> None:
    fuzz(link, board, 50_000, random.Random(1))


@pytest.mark.timeout(300)
def test_fuzz_a_million(link: Link, board: Board) -> None:
    fuzz(link, board, 1_000_000, random.Random(2))


@pytest.mark.parametrize("total", [60_000, pytest.param(1_000_000, marks=pytest.mark.soak)])
def test_garbage_from_a_board_costs_the_reader_nothing_but_itself(total: int) -> None:
    """
    A board of ours that babbles between its answers: the reader goes on, and the next good answer is taken.
    """
    rng = random.Random(3)
    master, slave = os.openpty()
    tty.setraw(slave)
    with Link(os.ttyname(slave)) as link:
        babbled = 0
        decoder = frames.Decoder()
        while babbled < total:
            junk = rng.randbytes(rng.randrange(600)) + b"\xa5" * rng.randrange(4)
            pending = link.send("sum", protocol.pack("sum", 40, 2))
            heard = decoder.feed(os.read(master, 4096))
            while not heard:
                heard = decoder.feed(os.read(master, 4096))
            asked = heard[-1]
            answer = frames.encode(asked.seq, asked.op | 0x80, b"\x2a\0\0\0")
            event = frames.encode(babbled & 0xFF, 0xC4, bytes(9))
            broken = bytearray(answer)
            broken[rng.randrange(len(broken))] ^= 1 << rng.randrange(8)
            # A false header may swallow a frame's worth: zeros end it, as the other end's flush does.
            portion = junk + broken[: rng.randrange(1, len(broken) + 1)] + event[:-1] + frames.FLUSH + answer
            while portion:
                portion = portion[os.write(master, portion) :]
            assert pending.wait(5).payload == b"\x2a\0\0\0"
            link.check()
            babbled += len(junk)
        assert link._reader.is_alive()
    os.close(master)
    os.close(slave)


def heap_after(link: Link, board: Board, requests: int) -> int:
    for _ in range(requests // 1_000):
        link.pipeline(SUMS[:1_000], timeout_s=5)
    # The collection runs when the interpreter is idle: the least of a few looks is what stays.
    return min(board.status().heap_used for _ in range(200))


def growth(link: Link, board: Board, requests: int, times: int) -> float:
    """
    Bytes of heap per request: the slope of a line through what stays after each of so many portions.
    """
    heap_after(link, board, 2 * requests)
    return statistics.linear_regression(
        [at * requests for at in range(times)], [heap_after(link, board, requests) for _ in range(times)]
    ).slope


def test_the_heap_does_not_grow(link: Link, board: Board) -> None:
    assert growth(link, board, 1_000, 10) < 1.0


@pytest.mark.timeout(300)
def test_the_heap_does_not_grow_over_a_hundred_thousand(link: Link, board: Board) -> None:
    assert growth(link, board, 10_000, 10) < 0.1


def test_a_host_that_reads_nothing_does_not_stop_the_board(vm: VMBoard, world: World) -> None:
    with serial.Serial(vm.path, timeout=0, write_timeout=5) as port:
        port.write(
            frames.FLUSH
            + frames.encode(1, 1, bytes(4))
            + frames.encode(2, 6, b"\xd0\x07")
            + frames.encode(3, 8, b"\0\1")
        )
        world.wait_for_level(2, 1)
        # Answers to far more than the port can hold, and nobody reads them.
        flood = frames.encode(1, 2, bytes(200)) + frames.encode(2, 2, bytes(201))
        for _ in range(500):
            port.write(flood)
        world.wait_for_level(2, 0)
    with Link(vm.path) as link:
        assert Board(link).hello().state is State.TRIPPED
