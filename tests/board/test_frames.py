"""
The host's end of the wire against the shared vectors, and against everything else.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.board import frames, protocol

VECTORS = json.loads((Path(__file__).parents[2] / "fixtures" / "wire" / "vectors.json").read_text())
byte = st.integers(0, 255)
any_frame = st.builds(frames.Frame, byte, byte, st.binary(max_size=frames.PAYLOAD_MAX))


@pytest.mark.parametrize("vector", VECTORS["frames"], ids=lambda vector: vector["name"])
def test_frame_vectors(vector: dict[str, object]) -> None:
    payload = bytes.fromhex(str(vector["payload"]))
    assert frames.encode(int(str(vector["seq"])), int(str(vector["op"])), payload).hex() == vector["bytes"]


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize("vector", VECTORS["streams"], ids=lambda vector: vector["name"])
def test_stream_vectors(vector: dict[str, object], size: int) -> None:
    data = bytes.fromhex(str(vector["bytes"]))
    decoder = frames.Decoder()
    found = [frame for at in range(0, len(data), size) for frame in decoder.feed(data[at : at + size])]
    assert [[frame.seq, frame.op, frame.payload.hex()] for frame in found] == vector["frames"]


def test_protocol_vector() -> None:
    assert protocol.checksum() == VECTORS["protocol"]["checksum"]
    assert len(frames.FLUSH) == VECTORS["flush_bytes"]


@given(st.lists(any_frame, max_size=5), st.randoms(use_true_random=False))
def test_round_trip_in_any_chunks(sent: list[frames.Frame], rng: random.Random) -> None:
    data = b"".join(frames.encode(*frame) for frame in sent)
    decoder = frames.Decoder()
    found = []
    while data:
        size = rng.randrange(1, 300)
        found += decoder.feed(data[:size])
        data = data[size:]
    assert found == sent
    assert decoder.bad_count == 0


@given(st.binary(max_size=2000), any_frame)
def test_a_flush_ends_any_garbage(garbage: bytes, good: frames.Frame) -> None:
    decoder = frames.Decoder()
    decoder.feed(garbage)
    decoder.feed(frames.FLUSH)
    assert decoder.feed(frames.encode(*good)) == [good]


def test_payload_too_long() -> None:
    with pytest.raises(ValueError, match="at most 248 bytes, not 249"):
        frames.encode(0, 0, bytes(249))


def fuzz(decoder: frames.Decoder, total: int, rng: random.Random) -> None:
    while total > 0:
        size = rng.randrange(1, 4096)
        decoder.feed(
            rng.choice([rng.randbytes(size), b"\xa5" * size, bytes(rng.choice([0xA5, 8, 200]) for _ in range(99))])
        )
        total -= size
    decoder.feed(frames.FLUSH)
    assert decoder.feed(frames.encode(1, 2, b"still here")) == [frames.Frame(1, 2, b"still here")]


def test_fuzz() -> None:
    fuzz(frames.Decoder(), 100_000, random.Random(1))


def test_fuzz_a_million() -> None:
    fuzz(frames.Decoder(), 1_000_000, random.Random(2))
