"""
Registers of a twin for tests: words, and results of any width, as the chip sends them.
"""

from __future__ import annotations

from typing import Any

from harness.sim._monitor_chip import MonitorChip
from harness.sim.world import World
from tests.sim.played import ADDRESS, BUS, Scribe, world_of


def soldered(kind: str, unit: Any = None, **chip: Any) -> MonitorChip:
    """
    The twin of a kind on a rail of 5 V; its clock is exact.
    """
    keys = {"rail": chip.pop("rail_keys", None)}
    return chip_of(world_of(unit or Scribe(), chip={"kind": kind, "clock_ratio": 0.0, **chip}, **keys))


def chip_of(world: World) -> MonitorChip:
    chip = world.chips[BUS, ADDRESS]
    assert isinstance(chip, MonitorChip)
    return chip


def get(chip: MonitorChip, register: int, length: int = 2) -> int:
    return int.from_bytes(chip.read(register, length), "big")


def put(chip: MonitorChip, register: int, word: int) -> None:
    chip.write(register, word.to_bytes(2, "big"))
