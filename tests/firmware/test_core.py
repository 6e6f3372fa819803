"""
The core on the wire: what it answers to repeated, unknown, short and broken requests; and the loop around it.
"""

from __future__ import annotations

import random
import struct
import types
from typing import Any

import pytest

from harness.board import frames, protocol
from harness.board.failures import FirmwareMismatch
from harness.board.firmware import Loader, shipped_wirings

from .conftest import FIRMWARE, FIXTURES, Bench

SUM = protocol.OPS["sum"].number


class Bare:
    """
    A core with nothing around it: bytes in, frames out.
    """

    def __init__(self, bench: Bench) -> None:
        self.core: Any = bench.outside._core
        self._sent = bench.outside._sent
        self._decoder = frames.Decoder()
        self._sent.clear()

    def feed(self, data: bytes) -> list[frames.Frame]:
        self.core.feed(data)
        found = self._decoder.feed(bytes(self._sent))
        self._sent.clear()
        return found


@pytest.fixture
def bare(bench: Bench) -> Bare:
    return Bare(bench)


def test_a_repeated_request_is_answered_again_but_done_once(bench: Bench, bare: Bare) -> None:
    bench.board.arm(1000)
    pulse = frames.encode(77, protocol.OPS["pulse"].number, protocol.pack("pulse", 0, 1, 0, 1_000, 0, 1))
    first, again = bare.feed(pulse + pulse)
    assert first == again
    bench.wait_ms(10)
    assert len(bench.edges(2)) == 2


def test_answers_to_one_chunk_leave_in_order(bare: Bare) -> None:
    requests = [frames.encode(k, SUM, struct.pack("<ii", k, 1)) for k in range(50)]
    answers = bare.feed(b"".join(requests))
    assert [(frame.seq, struct.unpack("<i", frame.payload)[0]) for frame in answers] == [(k, k + 1) for k in range(50)]


@pytest.mark.parametrize(
    ("op", "payload", "code"),
    [(0x3F, b"", 1), (SUM, b"short", 2), (SUM, bytes(9), 2), (0x08, b"\0\0", 3), (0x06, b"\0\0", 4)],
)
def test_refusals_name_op_and_code(bare: Bare, op: int, payload: bytes, code: int) -> None:
    (answer,) = bare.feed(frames.encode(5, op, payload))
    assert (answer.seq, answer.op, answer.payload[:2]) == (5, protocol.ERROR, bytes([op, code]))
    assert len(answer.payload) > 4


def test_sums_wrap(bench: Bench) -> None:
    assert bench.board.sum(2, 3) == 5
    assert bench.board.sum((1 << 31) - 1, 1) == -(1 << 31)
    assert bench.board.sum(-(1 << 31), -1) == (1 << 31) - 1


def test_any_payload_of_any_op_is_survived(bench: Bench, bare: Bare) -> None:
    rng = random.Random(5)
    harmless = [op.number for op in protocol.OPS.values() if op.name not in ("repl", "reset")]
    for k in range(5_000):
        payload = rng.randbytes(rng.choice([0, 1, 2, 4, 8, 9, 21, 33, rng.randrange(249)]))
        answers = bare.feed(frames.encode(k & 0xFF, rng.choice(harmless), payload))
        assert len(answers) == 1
        assert answers[0].op != protocol.ERROR or answers[0].payload[1] != 5, answers[0].payload
    # Among them were hellos of hosts that speak another protocol.
    bare.feed(frames.encode(0, protocol.OPS["hello"].number, struct.pack("<I", protocol.checksum())))
    assert bare.feed(frames.encode(1, SUM, struct.pack("<ii", 1, 2)))[0].op == SUM | 0x80


def test_another_protocol_is_refused_with_the_command_that_fixes_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "checksum", lambda: 1)
    with pytest.raises(FirmwareMismatch, match="run: crashbench board flash"):
        bench.board.hello()


def test_a_host_of_another_protocol_gets_nothing_but_the_way_to_the_right_firmware(bare: Bare) -> None:
    hello = protocol.OPS["hello"].number
    (told,) = bare.feed(frames.encode(1, hello, struct.pack("<I", 0xBAD)))
    assert told.op == hello | protocol.REPLY_BIT, "it is told who is there"
    (refusal,) = bare.feed(frames.encode(2, protocol.OPS["arm"].number, b"\xe8\x03"))
    assert (refusal.op, refusal.payload[1]) == (protocol.ERROR, protocol.Refusal.REFUSED)
    assert refusal.payload.endswith(b"run: crashbench board flash")
    (repl,) = bare.feed(frames.encode(3, protocol.OPS["repl"].number))
    assert repl.op == protocol.OPS["repl"].number | protocol.REPLY_BIT


def test_the_hello_tells_the_wiring_by_its_pins_and_levels(bench: Bench) -> None:
    shipped = shipped_wirings(FIRMWARE)
    assert len(shipped) == 2
    assert bench.board.hello().wiring in shipped

    def digest(**pins: object) -> str:
        table = {name: value for name, value in vars(Loader([FIRMWARE], {}).load("pins")).items() if name.isupper()}
        return str(Loader([FIRMWARE], {"pins": types.SimpleNamespace(**table | pins)}).load("wiring").digest())

    assert digest() in shipped
    assert digest(OUTPUTS=((2, 1), (3, 0))) not in shipped
    assert digest(ESTOP=15) not in shipped


class Port:
    """
    A board's standard input: it gives bytes as asked, and ends the program when none are left.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.sizes: list[int] = []

    def read(self, size: int) -> bytes:
        if not self.data:
            raise SystemExit
        assert len(self.data) >= size, "a read that would wait for bytes that never come"
        self.sizes.append(size)
        chunk, self.data = self.data[:size], self.data[size:]
        return chunk


def test_the_boards_loop_reads_frames_in_few_pieces() -> None:
    bench = Bench()
    hello = frames.encode(1, 0x01, bytes(4))
    request = frames.encode(2, SUM, struct.pack("<ii", 40, 2))
    port = Port(b"boom\r\n" + hello + b"\xa5\x01" + request + frames.FLUSH + request)
    sent = bytearray()
    machine = bench.outside._machine
    loader = Loader(
        [FIRMWARE, FIXTURES],
        {
            "machine": machine,
            "time": types.SimpleNamespace(ticks_us=lambda: 0, ticks_diff=lambda a, b: a - b),
            "os": types.SimpleNamespace(listdir=lambda: [], urandom=bytes, rmdir=None),
            "micropython": types.SimpleNamespace(
                kbd_intr=lambda key: None, alloc_emergency_exception_buf=lambda size: None
            ),
            "select": types.SimpleNamespace(
                POLLIN=1, poll=lambda: types.SimpleNamespace(register=lambda *args: None, poll=lambda ms: True)
            ),
            "sys": types.SimpleNamespace(
                platform="test",
                implementation=None,
                stdin=types.SimpleNamespace(buffer=port),
                stdout=types.SimpleNamespace(buffer=types.SimpleNamespace(write=sent.extend)),
            ),
        },
    )
    with pytest.raises(SystemExit):
        loader.load("main")
    answers = frames.Decoder().feed(bytes(sent))
    assert [frame.op for frame in answers if frame.op < 0xC0] == [0x81, SUM | 0x80, SUM | 0x80]
    assert port.sizes[-3:] == [1, 1, 14]
