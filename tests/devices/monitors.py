"""
The six power monitors for tests: how each is configured at random, what it may say at most, and what is true.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from harness.devices._monitor import Monitor
from harness.devices.ina219 import INA219
from harness.devices.ina226 import INA226
from harness.devices.ina228 import INA228
from harness.devices.ina237 import INA237
from harness.devices.ina260 import INA260
from harness.devices.ina3221 import INA3221
from harness.sim.world import World
from tests.sim.played import ADDRESS, BUS, MS, Scribe, Wires, world_of

AVERAGES = st.sampled_from([1, 4, 16])
CONVERSIONS_S = st.sampled_from([140e-6, 588e-6, 1.1e-3])


@dataclass(frozen=True)
class Part:
    """
    One kind: its driver, keys to draw at random, the shunt's range and steps, and how wrong it may be.
    """

    cls: Any
    keys: Mapping[str, st.SearchStrategy[Any]]
    bus_lsb_v: float
    shunt_lsb_v: float
    shunt_end_v: float
    bus_end_v: float
    slowest: float = 1.1

    @property
    def kind(self) -> str:
        return str(self.cls.__name__.lower())

    def __repr__(self) -> str:
        return self.kind


USUAL: Mapping[str, st.SearchStrategy[Any]] = {"conversion_s": CONVERSIONS_S, "average": AVERAGES}

PARTS = (
    Part(INA219, {"conversion_s": st.sampled_from([84e-6, 276e-6, 532e-6])}, 4e-3, 10e-6, 0.32, 32.0, 93 / 84),
    Part(INA226, USUAL, 1.25e-3, 2.5e-6, 0.08192, 40.96),
    Part(INA228, USUAL, 195.3125e-6, 312.5e-9, 0.16384, 102.4),
    Part(INA237, USUAL, 3.125e-3, 5e-6, 0.16384, 102.4),
    # By the 2 mohm inside, 1.25 mA and 40.96 A.
    Part(INA260, USUAL, 1.25e-3, 1.25e-3 * 0.002, 40.96 * 0.002, 40.96),
    Part(INA3221, USUAL, 8e-3, 40e-6, 0.1638, 32.76),
)
SHUNT_OHM = 0.1


def shunt_of(part: Part) -> float:
    """
    The shunt that the worlds of these tests have soldered to a part.
    """
    return 0.002 if part.cls is INA260 else SHUNT_OHM


def world_with(part: Part, unit: Any = None, seed: int = 1, **chip: Any) -> World:
    """
    The small world with that part on its rail.
    """
    rail = chip.pop("rail_keys", None)
    return world_of(unit or Scribe(), seed, rail=rail, chip={"kind": part.kind, "shunt_ohm": shunt_of(part), **chip})


async def opened(part: Part, world: World, wires: Any = None, **config: Any) -> Monitor:
    """
    The part's driver, open.
    """
    meter: Monitor = part.cls("meter", part.cls.Config(**config), wires or Wires(world))
    await meter.open()
    return meter


class Waving(Scribe):
    """
    A unit whose current, and its sign, keep changing, up to ±`amps`.
    """

    def current_a(self, at_ns: int) -> float:
        return ((at_ns // (7 * MS)) % 5 - 2) * self.amps / 2


def truth(world: World, average: int, channel: int = 0, channels: int = 1, rail: str = "main") -> tuple[float, float]:
    """
    The voltage and current that the conversion in the chip's registers is the average of: shunt, bus, for each channel
    in turn, and all of them so many times.
    """
    chip: Any = world.chips[BUS, ADDRESS]
    start_ns, end_ns = chip.window
    turn_ns = (end_ns - start_ns) // average
    part_ns = turn_ns // (2 * channels)
    shunt_ns, bus_ns = 2 * channel * part_ns, (2 * channel + 1) * part_ns
    watched = world.rails[rail]
    turns = range(start_ns, end_ns, turn_ns)
    current_a = sum(watched.mean_a(at + shunt_ns, at + shunt_ns + part_ns) for at in turns) / average
    bus_v = sum(watched.mean_v(at + bus_ns, at + bus_ns + part_ns) for at in turns) / average
    return bus_v, current_a
