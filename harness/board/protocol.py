"""
The host's table of operations and events. Its checksum must equal the firmware's, or the two refuse each other.
"""

from __future__ import annotations

import struct
import zlib
from enum import IntEnum, IntFlag
from typing import NamedTuple

from .answers import Cause, Chip, Edge, GaugeFault, State
from .failures import BoardError

REPLY_BIT = 0x80
ERROR = 0xFF


class Refusal(IntEnum):
    """
    Why the board says no.
    """

    UNKNOWN_OP = 1
    BAD_PAYLOAD = 2
    REFUSED = 3
    BAD_VALUE = 4
    BROKEN = 5
    NO_HELLO = 6


NO_HELLO = Refusal.NO_HELLO


class Op(NamedTuple):
    """
    One operation: its number, its name, and the `struct` formats of request and reply (`*` takes the remaining bytes).
    """

    number: int
    name: str
    request: str
    reply: str


class Event(NamedTuple):
    """
    One unsolicited message: its number, its name and its `struct` format.
    """

    number: int
    name: str
    payload: str


OPS = {
    op.name: op
    for op in (
        Op(0x01, "hello", "I", "IIQB*"),
        Op(0x02, "echo", "*", "*"),
        Op(0x03, "sum", "ii", "i"),
        Op(0x04, "clock", "", "QI"),
        Op(0x05, "status", "", "BBHQBBIIII"),
        Op(0x06, "arm", "H", ""),
        Op(0x07, "disarm", "", ""),
        Op(0x08, "write", "BB", "Q"),
        Op(0x09, "read", "", "BBQ"),
        Op(0x0A, "pulse", "BBQIII", "Q"),
        Op(0x0B, "scatter", "BBQIIIIIH", "Q"),
        Op(0x0C, "anchor", "BBBBHIIII", ""),
        Op(0x0D, "cancel", "B", ""),
        Op(0x0E, "watch", "BB", ""),
        Op(0x10, "gauge_start", "BB", ""),
        Op(0x11, "gauge_stop", "", ""),
        Op(0x12, "gauge_set", "HHhh", ""),
        Op(0x13, "gauge_fault", "Bii", ""),
        Op(0x14, "gauge_read", "", "BBBHHhhI"),
        Op(0x15, "gauge_peek", "BB", "*"),
        Op(0x18, "analog_write", "BH", "H"),
        Op(0x19, "analog_points", "B*", ""),
        Op(0x1A, "adc_read", "BH", "HHHHQ"),
        Op(0x1B, "adc_points", "B*", ""),
        Op(0x1E, "repl", "", ""),
        Op(0x1F, "reset", "", ""),
    )
}

EVENTS = {
    event.number: event
    for event in (
        Event(0xC0, "booted", "I"),
        Event(0xC1, "tripped", "BBQ"),
        Event(0xC2, "edges", "IIQ*"),
        Event(0xC3, "done", "BII"),
        Event(0xC4, "estop", "BQ"),
    )
}


# What the numbers in payloads stand for.
_ENUMS: dict[str, type[IntEnum | IntFlag]] = {
    "state": State,
    "cause": Cause,
    "edge": Edge,
    "chip": Chip,
    "fault": GaugeFault,
    "refusal": Refusal,
}


def checksum() -> int:
    """
    The 32 bits that both ends must agree on: crc32 of the table as text, one line per operation, event or number.
    """
    lines = [f"{op.number:02x} {op.name} {op.request} {op.reply}\n" for op in OPS.values()]
    lines += [f"{event.number:02x} {event.name} {event.payload}\n" for event in EVENTS.values()]
    for kind, members in _ENUMS.items():
        lines += [f"{kind} {member.value} {str(member.name).lower()}\n" for member in members]
    return zlib.crc32("".join(lines).encode())


_STRUCTS: dict[str, struct.Struct] = {}


def pack(name: str, *values: int, rest: bytes = b"") -> bytes:
    """
    The request's payload.

    Raises:
        ValueError: a value does not fit its field.
    """
    try:
        return _struct(OPS[name].request).pack(*values) + rest
    except struct.error as error:
        raise ValueError(f"{name}: {error}") from error


def unpack(layout: str, payload: bytes) -> tuple[tuple[int, ...], bytes]:
    """
    The fields of a payload, and the bytes that `*` stands for.

    Raises:
        BoardError: the payload is too short or too long, though its checksum was right.
    """
    fields = _struct(layout)
    if len(payload) < fields.size or (len(payload) > fields.size and not layout.endswith("*")):
        raise BoardError(f"the board sent {len(payload)} bytes for a payload of layout '{layout}'")
    return fields.unpack_from(payload), payload[fields.size :]


def _struct(layout: str) -> struct.Struct:
    if layout not in _STRUCTS:
        _STRUCTS[layout] = struct.Struct("<" + layout.rstrip("*"))
    return _STRUCTS[layout]
