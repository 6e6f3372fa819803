"""
The host's end of the wire: frames `A5 | len | seq | op | payload | crc32`, little-endian.

`len` counts seq, op and payload (2 to 250); the crc covers len to payload.
"""

from __future__ import annotations

import zlib
from typing import NamedTuple

SYNC = 0xA5
PAYLOAD_MAX = 248
OVERHEAD = 8

# Longer than the longest frame: behind it no receiver can still wait for the rest of a false one.
FLUSH = bytes(260)


class Frame(NamedTuple):
    """
    One frame: `seq` and `op` are 0 to 255.
    """

    seq: int
    op: int
    payload: bytes


def encode(seq: int, op: int, payload: bytes = b"") -> bytes:
    """
    The frame as bytes.

    Raises:
        ValueError: the payload is longer than `PAYLOAD_MAX`, or `seq` or `op` is no byte.
    """
    if len(payload) > PAYLOAD_MAX:
        raise ValueError(f"a payload holds at most {PAYLOAD_MAX} bytes, not {len(payload)}")
    body = bytes((len(payload) + 2, seq, op)) + payload
    return b"\xa5" + body + zlib.crc32(body).to_bytes(4, "little")


class Decoder:
    """
    Finds frames in a stream. After a bad one it goes on with the byte behind its sync byte, so nothing good is skipped.
    """

    def __init__(self) -> None:
        self._rest = b""
        self.bad_count = 0

    def reset(self) -> None:
        """
        Forgets a frame that has begun.
        """
        self._rest = b""

    def feed(self, chunk: bytes) -> list[Frame]:
        """
        Takes bytes and returns the frames that they complete, oldest first.
        """
        data = self._rest + chunk if self._rest else chunk
        found: list[Frame] = []
        start = data.find(SYNC)
        while start >= 0:
            body = start + 1
            if body >= len(data):
                break
            end = body + 1 + data[body]
            if not 2 <= data[body] <= PAYLOAD_MAX + 2:
                self.bad_count += 1
            elif end + 4 > len(data):
                break
            elif zlib.crc32(data[body:end]) != int.from_bytes(data[end : end + 4], "little"):
                self.bad_count += 1
            else:
                found.append(Frame(data[body + 1], data[body + 2], data[body + 3 : end]))
                start = data.find(SYNC, end + 4)
                continue
            start = data.find(SYNC, body)
        self._rest = data[start:] if start >= 0 else b""
        return found
