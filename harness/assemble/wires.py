"""
How the devices of a rig reach their hardware, or the world that is played for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import plugins
from ..errors import UsageError, nearest
from ..model.rig import RigSpec
from ..protocols import Program
from ..wiring import pin_factory

I2C_DRIVERS = "crashbench.i2c"
_LAB = "lab:"


class RigWires:
    """
    The seams of one rig: one pin factory, one bus per number, made when first asked for, closed by `close`.
    """

    def __init__(self, rig: RigSpec, world: Any = None, units: dict[str, Any] | None = None) -> None:
        self.rig, self._world, self._units = rig, world, units or {}
        self.boards: dict[str, Any] = {}
        """The channels to the boards that are played in virtual time."""
        self._factory: Any = None
        self._buses: dict[int, Any] = {}
        self.devices: dict[str, Any] = {}
        """The devices of the rig as far as they are made."""

    @property
    def world(self) -> Any:
        """
        The world that is played in this process; None where the world is real.
        """
        return self._world

    @property
    def units(self) -> Mapping[str, Any]:
        """
        The units that are played there, by name.
        """
        return self._units

    def pin_factory(self) -> Any:
        """
        The rig's gpiozero pin factory: the one it names, never a default.
        """
        if self._factory is None:
            self._factory = pin_factory.made(self.rig, self._world)
        return self._factory

    def i2c_bus(self, number: int) -> Any:
        """
        The smbus2-shaped bus of that number.
        """
        if number not in self._buses:
            if self.rig.i2c is None:
                raise UsageError("missing; a chip needs `[i2c] driver = …`", file=str(self.rig.path), key="i2c")
            self._buses[number] = self._i2c_driver().for_rig(self.rig, self._world, number)
        return self._buses[number]

    def check(self, *, there: bool) -> None:
        """
        Whether the seams that the rig names exist, and, if asked, the hardware behind them. Opens nothing.

        Raises UsageError at the key that names what is not there.
        """
        rig = self.rig
        seams = []
        if rig.gpio is not None:
            seams.append(pin_factory.loaded(rig))
        if rig.i2c is not None:
            seams.append(self._i2c_driver())
        for seam in seams:
            if there and hasattr(seam, "check_rig"):
                seam.check_rig(rig)

    def device(self, name: str) -> Any:
        """
        Another device of the rig.
        """
        if name not in self.devices:
            problem = f"there is no device '{name}'; {nearest(name, self.devices)}"
            raise UsageError(problem, file=str(self.rig.path))
        return self.devices[name]

    def serial_port(self, port: str) -> str:
        """
        The path to open for a serial port: that of `lab:NAME` is known to the lab.
        """
        if not port.startswith(_LAB):
            return port
        if not self.rig.is_lab:
            raise UsageError(f"'{port}' is played by a lab, and no lab plays this rig", file=str(self.rig.path))
        from ..lab.launch import serial_port

        return serial_port(self.rig, port.removeprefix(_LAB))

    def board(self, name: str) -> Any:
        """
        The channel to a board that is played in virtual time.
        """
        if name not in self.boards:
            problem = f"there is no board '{name}'; {nearest(name, self.boards, what='board in virtual time')}"
            raise UsageError(problem, file=str(self.rig.path), key="world.boards")
        return self.boards[name]

    def resolve(self, host: str, port: int) -> tuple[str, int]:
        """
        Where to connect: in the lab the lab knows, elsewhere the name service does.
        """
        if not self.rig.is_lab:
            return host, port
        from ..lab.launch import resolve

        return resolve(self.rig, host, port)

    def link(self, name: str) -> Any:
        """
        A played link: its model in virtual time, its end in the lab.
        """
        if self._world is not None:
            return self._world.link(name)
        if not self.rig.is_lab:
            raise UsageError(f"link '{name}' is played by a lab, and no lab plays this rig", file=str(self.rig.path))
        from ..lab.launch import link

        return link(self.rig, name)

    def unit(self, host: str) -> Any:
        """
        The model of a DUT in virtual time.
        """
        if host not in self._units:
            problem = f"there is no unit '{host}'; {nearest(host, self._units)}"
            raise UsageError(problem, file=str(self.rig.path), key="world.units")
        return self._units[host]

    def program(self, unit: str) -> Program:
        """
        The program of a unit that a lab plays.
        """
        if not self.rig.is_lab:
            raise UsageError(f"'{unit}' is played by a lab, and no lab plays this rig", file=str(self.rig.path))
        from ..lab.whereabouts import whereabouts

        return whereabouts(self.rig, unit)

    def told(self) -> str:
        """
        One line that reports which seams are in use.
        """
        gpio = self.rig.gpio
        parts = []
        if gpio is not None:
            parts.append(f"gpio: {pin_factory.told(gpio)}")
        if self.rig.i2c is not None:
            parts.append(f"i2c: {self.rig.i2c.driver}")
        return ", ".join(parts)

    def close(self) -> None:
        """
        Closes the buses and the factory.
        """
        for bus in self._buses.values():
            bus.close()
        if self._factory is not None:
            self._factory.close()

    def _i2c_driver(self) -> Any:
        assert self.rig.i2c is not None
        try:
            return plugins.seam(I2C_DRIVERS, self.rig.i2c.driver)
        except UsageError as error:
            raise error.within(file=str(self.rig.path), key="i2c.driver") from error
