"""
A board in virtual time with devices on its pins, for tests: its outputs drive one rail and one reset line.
"""

from __future__ import annotations

from typing import Any

from harness.devices.board import Board
from harness.errors import UsageError, nearest
from harness.model.world import AnalogSpec, BoardSpec, ContactSpec, RailSpec, ResetSpec, UnitSpec, WorldSpec
from harness.sim.sim_board import SimBoard
from harness.sim.world import World
from tests.sim.played import Scribe

MS, S = 10**6, 10**9
SUPPLY_GPIO, RESET_GPIO, LINE_GPIO, ESTOP_GPIO = 2, 3, 10, 14

# A MOSFET: it switches at once, so that what the board says can be held against what the rail did.
CONTACT = ContactSpec(board="pico", pin=SUPPLY_GPIO, active_low=False, operate_s=0.0, release_s=0.0, bounce_s=0.0)


class Wires:
    """
    What a device asks of its rig: one board called pico, and the devices that were made.
    """

    rig: Any = None

    def __init__(self, played: SimBoard | None = None) -> None:
        self.played = played
        self.devices: dict[str, Any] = {}
        self.path = ""

    def board(self, name: str) -> Any:
        if name != "pico" or self.played is None:
            raise UsageError(f"there is no board '{name}'", key="world.boards")
        return self.played

    def serial_port(self, port: str) -> str:
        return self.path

    def device(self, name: str) -> Any:
        if name not in self.devices:
            raise UsageError(f"there is no device '{name}'; {nearest(name, self.devices)}")
        return self.devices[name]


class Bench:
    """
    The world, its board, and the device that holds the board. Made inside a virtual loop.
    """

    def __init__(self, seed: int = 1, *, stopped: bool = False, **config: Any) -> None:
        self.unit = Scribe()
        unit = UnitSpec(reset=ResetSpec(board="pico", pin=RESET_GPIO))
        board = BoardSpec(stopped=stopped, analog=(AnalogSpec(pin=26, rail="main", full_scale_v=6.6),))
        rails = {"main": RailSpec(dut="node", contact=CONTACT)}
        spec = WorldSpec(rails=rails, units={"node": unit}, boards={"pico": board})
        self.world = World(spec, seed, {"node": self.unit})
        self.played = SimBoard("pico", board, seed, self.world)
        self.wires = Wires(self.played)
        self.board = self.add("pico", Board, Board.Config(port="sim:pico", **config))
        self.alarms: list[str] = []
        self.board.alarm = self.alarms.append

    def add(self, name: str, kind: Any, config: Any) -> Any:
        """
        Makes a device of the rig.
        """
        self.wires.devices[name] = kind(name, config, self.wires)
        return self.wires.devices[name]

    @property
    def rail(self) -> Any:
        """
        The rail that output 0 feeds while it is released.
        """
        return self.world.rails["main"]

    def close(self) -> None:
        """
        Stops what would go on by itself.
        """
        self.played.close()
        self.world.close()
