"""
What a device may ask of the rig it is built into, and a fault or a probe of whom a role means.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

from ..model.rig import DutSpec, RigSpec

T = TypeVar("T")


class Program(NamedTuple):
    """
    What a lab runs as a unit: the folder it runs in, its process, which leads a session (None while it does not run),
    and whether the unit has power, be it that its program has ended.
    """

    folder: Path
    pid: int | None
    has_power: bool


class Wiring(Protocol):
    """
    What a device may ask of the rig it is built into.
    """

    rig: RigSpec

    def pin_factory(self) -> Any:
        """
        The rig's gpiozero pin factory. Raises UsageError when the rig names none, BenchError when it cannot be had.
        """

    def i2c_bus(self, number: int) -> Any:
        """
        An smbus2-shaped bus. Raises UsageError when the rig names no driver, BenchError when it cannot be had.
        """

    def device(self, name: str) -> Any:
        """
        Another device of the rig, for one that is a part of it. Raises UsageError, naming the nearest there is.
        """

    def serial_port(self, port: str) -> str:
        """
        The path to open for a serial port: as given on hardware, the played board's pty in the lab.
        """

    def board(self, name: str) -> Any:
        """
        The channel to a board that is played in virtual time. Raises UsageError elsewhere.
        """

    def resolve(self, host: str, port: int) -> tuple[str, int]:
        """
        Where to connect for a DUT's host and port: the same on hardware, the played unit's address in the lab.
        """

    def link(self, name: str) -> Any:
        """
        A played link: its model in virtual time, its end in the lab. Raises UsageError elsewhere, or when there is
        none of that name.
        """

    def unit(self, host: str) -> Any:
        """
        The model of a DUT in virtual time. Raises UsageError elsewhere.
        """

    def program(self, unit: str) -> Program:
        """
        The program of a unit that a lab plays. Raises UsageError where no lab plays the rig, DeviceError.
        """


class Roles(Protocol):
    """
    Whom a drill's role names mean on this rig.
    """

    def get(self, role: str, protocol: type[T]) -> T:
        """
        The device in `role`. Raises UsageError when there is none, or when it is not a `protocol`.
        """

    def dut(self, role: str) -> DutSpec:
        """
        The DUT that `role` belongs to.
        """

    def sibling(self, role: str, name: str) -> str:
        """
        The role `name` of the same DUT as `role`.
        """
