"""
Unsolicited messages of the board, as frozen data.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from . import protocol
from .channel import Message

_OWN = 0x80


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardEvent:
    """
    Any event: when it was read (ns on CLOCK_MONOTONIC), and how many events were lost just before it.
    """

    received_ns: int
    missed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Booted(BoardEvent):
    """
    The board has started.
    """

    boot_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tripped(BoardEvent):
    """
    Outputs went to their safe levels: `cause` 1 is the dead-man, 2 the e-stop; `levels_before` is one bit per output.
    """

    cause: int
    levels_before: int
    ticks_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Switching:
    """
    One edge: of input `line`, or if `is_output` of the board's own output `line`.
    """

    is_output: bool
    line: int
    level: int
    ticks_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges(BoardEvent):
    """
    Edges in the order in which the board saw them. `first` counts all edges since its start; `lost` those that its ring
    could not hold.
    """

    first: int
    lost: int
    edges: tuple[Switching, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(BoardEvent):
    """
    A schedule has ended: its switchings, and by how many microseconds the latest one was late.
    """

    output: int
    switchings: int
    late_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EStop(BoardEvent):
    """
    The e-stop's contact changed.
    """

    is_stopped: bool
    ticks_us: int


def read_event(message: Message) -> BoardEvent:
    """
    The event in a message.

    Raises:
        BoardError: its payload is too short or too long.
    """
    event = protocol.EVENTS[message.op]
    fields, rest = protocol.unpack(event.payload, message.payload)
    at, missed = message.received_ns, message.missed
    match event.name:
        case "booted":
            return Booted(received_ns=at, missed=missed, boot_id=fields[0])
        case "tripped":
            cause, levels, ticks_us = fields
            return Tripped(received_ns=at, missed=missed, cause=cause, levels_before=levels, ticks_us=ticks_us)
        case "done":
            output, switchings, late_us = fields
            return Done(received_ns=at, missed=missed, output=output, switchings=switchings, late_us=late_us)
        case "estop":
            return EStop(received_ns=at, missed=missed, is_stopped=bool(fields[0]), ticks_us=fields[1])
    first, lost, base = fields
    whole = len(rest) // 5 * 5
    edges = tuple(
        Switching(is_output=bool(code & _OWN), line=code >> 1 & 0x3F, level=code & 1, ticks_us=base + offset)
        for offset, code in struct.iter_unpack("<IB", rest[:whole])
    )
    return Edges(received_ns=at, missed=missed, first=first, lost=lost, edges=edges)
