"""
What a board is asked with and answers with, as frozen data.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag


class State(IntEnum):
    """
    Whether outputs may move: `SAFE` after a start or `disarm`, `ARMED`, or `TRIPPED` by dead-man or e-stop.
    """

    SAFE = 0
    ARMED = 1
    TRIPPED = 2


class Cause(IntEnum):
    """
    Why the outputs last went to their safe levels.
    """

    BOOT = 0
    DEADMAN = 1
    ESTOP = 2
    HOST = 3


class Edge(IntFlag):
    """
    Which edges of an input count.
    """

    RISING = 1
    FALLING = 2


class Chip(IntEnum):
    """
    The fuel gauges and monitors that the board can pretend to be.
    """

    MAX17048 = 1
    MAX17040 = 2
    BQ27441 = 3
    PISUGAR3 = 4
    INA219 = 5
    SBS = 6


class GaugeFault(IntEnum):
    """
    How a gauge lies. `NACK` silences its address; `NACK_DATA` is refused, since I2CTarget acknowledges data by itself.
    """

    NONE = 0
    STUCK = 1
    JUMP = 2
    DRIFT = 3
    GARBAGE = 4
    NACK = 5
    NACK_DATA = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """
    What the board said in its hello; `state` is what the last host left, `wiring` the checksum of its pin table.
    """

    firmware: str
    machine: str
    unique_id: str
    boot_id: int
    ticks_us: int
    state: State
    wiring: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """
    The board's own account; levels are one bit per output, the first one lowest.
    """

    state: State
    cause: Cause
    limit_ms: int
    tripped_at_us: int
    levels: int
    is_stopped: bool
    bad_frames: int
    edges: int
    edges_lost: int
    heap_used: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """
    One clock exchange: board ticks read somewhere between `sent_ns` and `received_ns` (CLOCK_MONOTONIC).
    """

    sent_ns: int
    ticks_us: int
    received_ns: int
    boot_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GaugeReading:
    """
    What the gauge shows the DUT: percent, volt, ampere (negative: discharging), degrees Celsius.
    """

    chip: Chip | None
    address: int
    fault: GaugeFault
    level_percent: float
    voltage_v: float
    current_a: float
    temperature_c: float
    reads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalogReading:
    """
    One analog input: raw values of 0 to 65535, and the mean in volt through the calibration points.
    """

    mean: int
    least: int
    greatest: int
    voltage_v: float
    ticks_us: int
