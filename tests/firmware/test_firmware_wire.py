"""
The firmware's end of the wire against the shared vectors, and against everything else.
"""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.board import frames, protocol
from harness.board.firmware import Loader

from .conftest import ROOT

VECTORS = json.loads((ROOT / "fixtures" / "wire" / "vectors.json").read_text())


def decode(loader: Loader, chunks: list[bytes]) -> list[list[object]]:
    found: list[list[object]] = []
    decoder = loader.load("wire").Decoder()
    for chunk in chunks:
        decoder.feed(memoryview(chunk), lambda seq, op, payload: found.append([seq, op, payload.hex()]))
    return found


@pytest.mark.parametrize("vector", VECTORS["frames"], ids=lambda vector: vector["name"])
def test_frame_vectors(loader: Loader, vector: dict[str, Any]) -> None:
    frame = loader.load("wire").frame(vector["seq"], vector["op"], bytes.fromhex(vector["payload"]))
    assert frame.hex() == vector["bytes"]


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize("vector", VECTORS["streams"], ids=lambda vector: vector["name"])
def test_stream_vectors(loader: Loader, vector: dict[str, Any], size: int) -> None:
    data = bytes.fromhex(vector["bytes"])
    assert decode(loader, [data[at : at + size] for at in range(0, len(data), size)]) == vector["frames"]


def test_protocol_vector(loader: Loader) -> None:
    told = loader.load("protocol")
    assert told.table().splitlines() == VECTORS["protocol"]["table"]
    assert told.checksum() == VECTORS["protocol"]["checksum"] == protocol.checksum()


def test_the_numbers_of_the_protocol_are_those_that_the_firmware_uses(loader: Loader) -> None:
    places = {
        "state": loader.load("outputs"),
        "edge": loader.load("pulses"),
        "fault": loader.load("gauge"),
        "refusal": loader.load("protocol"),
    }
    places["cause"] = places["state"]
    chips = loader.load("gauge").CHIPS
    for kind, first, names in loader.load("protocol").ENUMS:
        for number, name in enumerate(names.split(), first):
            if kind == "chip":
                assert chips[number].__name__.lower() == name
            else:
                assert getattr(places[kind], name.upper()) == number


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=3000))
def test_both_ends_read_a_stream_alike(loader: Loader, data: bytes) -> None:
    mine = [[frame.seq, frame.op, frame.payload.hex()] for frame in frames.Decoder().feed(data + frames.FLUSH)]
    assert decode(loader, [data, frames.FLUSH]) == mine


def fuzz(loader: Loader, total: int, rng: random.Random) -> None:
    decoder = loader.load("wire").Decoder()
    found: list[bytes] = []

    def sink(_seq: int, _op: int, payload: bytes) -> None:
        found.append(payload)

    while total > 0:
        size = rng.randrange(1, 1024)
        decoder.feed(rng.choice([rng.randbytes(size), b"\xa5" * size, bytes(size)]), sink)
        total -= size
    decoder.feed(frames.FLUSH, sink)
    found.clear()
    decoder.feed(frames.encode(1, 2, b"still here"), sink)
    assert found == [b"still here"]


def test_fuzz(loader: Loader) -> None:
    fuzz(loader, 100_000, random.Random(1))


def test_fuzz_a_million(loader: Loader) -> None:
    fuzz(loader, 1_000_000, random.Random(2))
