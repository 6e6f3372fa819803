"""
What a device, a fault and a probe can be asked. Faults and probes ask these, and never know which device answers.
"""

from __future__ import annotations

from collections.abc import Callable

from ..model.event import Event
from .hearing import AlertSource, Announced, Chunk, Console, EdgeCounter, Taker
from .links import Link
from .parts import Battery, Device, Output, PowerMeter, PowerSwitch, PulseSwitch, ResetLine, TrainLine
from .services import HttpAnswer, HttpService, NoAnswer, PingTarget, Shell, ShellAnswer, SqlService, TcpService
from .strikes import Arming, Dicing, Fault, Measuring, Probe, Strike, Telling
from .surroundings import Program, Roles, Wiring

__all__ = [
    "AlertSource",
    "Announced",
    "Arming",
    "Battery",
    "Chunk",
    "Console",
    "Device",
    "Dicing",
    "EdgeCounter",
    "Fault",
    "HttpAnswer",
    "HttpService",
    "Link",
    "Listener",
    "Measuring",
    "NoAnswer",
    "Output",
    "PingTarget",
    "PowerMeter",
    "PowerSwitch",
    "Probe",
    "Program",
    "PulseSwitch",
    "ResetLine",
    "Roles",
    "Shell",
    "ShellAnswer",
    "SqlService",
    "Strike",
    "Taker",
    "TcpService",
    "Telling",
    "TrainLine",
    "Wiring",
]

Listener = Callable[[Event], None]
