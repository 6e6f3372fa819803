"""
A small world for tests: one rail with its relay on pin 17, one INA226, and a unit that writes down what it is told.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from gpiozero.pins import Factory

from harness import clock
from harness.errors import UsageError
from harness.model.world import ChipSpec, ContactSpec, RailSpec, UnitSpec, WorldSpec
from harness.sim.sim_bus import SimBus
from harness.sim.sim_pins import SimFactory
from harness.sim.world import World

PIN, BUS, ADDRESS = 17, 1, 0x40
MS, S = 10**6, 10**9


class Scribe:
    """
    A unit that draws a constant current and remembers when it was fed and starved.
    """

    def __init__(self, current_a: float = 0.25) -> None:
        self.told: list[tuple[int, bool]] = []
        self.heard_ns: list[int] = []
        self.amps = current_a

    def powered(self, at_ns: int) -> None:
        self._note(at_ns, True)

    def power_lost(self, at_ns: int) -> None:
        self._note(at_ns, False)

    def current_a(self, at_ns: int) -> float:
        return self.amps

    def charge(self, from_ns: int, to_ns: int) -> float:
        """
        By halving: its current is taken to step at most once in so short a time.
        """
        first_a, last_a = self.current_a(from_ns), self.current_a(to_ns - 1)
        low_ns, high_ns = from_ns, to_ns - 1
        while high_ns - low_ns > 1:
            middle_ns = (low_ns + high_ns) // 2
            if self.current_a(middle_ns) == first_a:
                low_ns = middle_ns
            else:
                high_ns = middle_ns
        return first_a * (high_ns - from_ns) + last_a * (to_ns - high_ns)

    def _note(self, at_ns: int, fed: bool) -> None:
        self.told.append((at_ns, fed))
        self.heard_ns.append(clock.now_ns())


def world_of(
    unit: Any,
    seed: int = 1,
    *,
    rail: dict[str, Any] | None = None,
    contact: dict[str, Any] | None = None,
    chip: dict[str, Any] | None = None,
    released_lines: Any = "persist",
    cls: type[World] = World,
) -> World:
    """
    The small world, with other values than the usual ones where they are given.
    """
    rails = {"main": RailSpec(dut="node", contact=ContactSpec(pin=PIN, **(contact or {})), **(rail or {}))}
    soldered: dict[str, Any] = {"kind": "ina226", "bus": BUS, "address": ADDRESS, "rail": "main", **(chip or {})}
    chips = {"meter": ChipSpec(**soldered)}
    spec = WorldSpec(released_lines=released_lines, rails=rails, chips=chips, units={"node": UnitSpec()})
    return cls(spec, seed, {"node": unit})


class Wires:
    """
    What a device asks of its rig, answered by a world.
    """

    rig: Any = None

    def __init__(self, world: World, unit: Any = None, factory: Factory = None) -> None:
        self._world, self._unit = world, unit
        self._factory = factory or SimFactory(world)

    def pin_factory(self) -> Any:
        return self._factory

    def i2c_bus(self, number: int) -> Any:
        return SimBus(self._world, number)

    def resolve(self, host: str, port: int) -> tuple[str, int]:
        return host, port

    def unit(self, host: str) -> Any:
        if host != "node":
            raise UsageError(f"there is no unit '{host}'", key="world.units")
        return self._unit


def play(main: Callable[[], Awaitable[None]]) -> None:
    """
    Runs an async function in virtual time.
    """
    clock.run(main, virtual=True)
