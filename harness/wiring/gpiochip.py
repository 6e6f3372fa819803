"""
A gpiozero pin factory for any Linux board that has a `/dev/gpiochipN`, through lgpio.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from gpiozero.exc import PinInvalidPin, PinSPIUnsupported
from gpiozero.pins.pi import PiFactory

from ..clock import NS_PER_S, now_ns
from ..errors import DeviceError, UsageError, nearest
from ..model.rig import Released, RigSpec
from ._lgpio import load
from ._line import Line
from ._nodes import DEV, missing, numbers
from .lines import LineBoard
from .released import SYS, released_lines

_CURE = "no GPIO chip is there at all: this machine has none, or its driver is not loaded"


class GpiochipFactory(PiFactory):  # type: ignore[misc]
    """
    The lines of one GPIO chip: by its number, its path, its label, or None where there is only one.

    Unlike gpiozero's own factory over lgpio it needs no Pi, sets a level together with the direction, and leaves a
    closed line to the kernel as it is: `released_lines` says what that does with it, or where it does not, what
    `declared` does. Raises DeviceError when there is no such chip, or when it cannot be opened.
    """

    def __init__(
        self,
        chip: int | str | None = None,
        *,
        declared: Released | None = None,
        lgpio: Any = None,
        dev: Path = DEV,
        sys: Path = SYS,
    ) -> None:
        self.handle: int | None = None
        super().__init__()
        number = _number(chip, dev)
        self.lgpio = load() if lgpio is None else lgpio
        self.pin_class = Line
        if number is None:
            number = self._labelled(str(chip), dev)
        self.chip = dev / f"gpiochip{number}"
        self.handle = self._open(number)
        _, self.line_count, _, self.label = self.lgpio.gpio_get_chip_info(self.handle)
        found = released_lines(self.label, sys)
        self.released_lines: Released = declared or found if found == "unknown" else found
        self._info = LineBoard.named(f"{self.chip} ({self.label})")

    @classmethod
    def for_rig(cls, rig: RigSpec, world: object) -> GpiochipFactory:
        """
        The factory of the chip that a rig names. Raises DeviceError.
        """
        return cls() if rig.gpio is None else cls(rig.gpio.chip, declared=rig.gpio.released_lines)

    @classmethod
    def check_rig(cls, rig: RigSpec, dev: Path = DEV, lgpio: Any = None) -> None:
        """
        Looks whether the chip that a rig names is there; touches no line. Raises UsageError with file and key.
        """
        chip = rig.gpio.chip if rig.gpio else None
        try:
            # A chip that goes by its label can only be found by asking each.
            if _number(chip, dev) is None:
                cls(chip, lgpio=lgpio, dev=dev).close()
        except DeviceError as error:
            raise UsageError(error.problem, file=str(rig.path), key="gpio.chip") from error

    def close(self) -> None:
        """
        Frees every line as it is, and the chip.
        """
        super().close()
        if self.handle is not None:
            self.lgpio.gpiochip_close(self.handle)
            self.handle = None

    def pin(self, name: Any) -> Any:
        """
        A line. Raises DeviceError for a number that the chip does not have.
        """
        for _, info in self.board_info.find_pin(name):
            if info.number >= self.line_count:
                raise DeviceError(
                    f"pin {info.number}", f"{self.chip} ({self.label}) has lines 0 to {self.line_count - 1}"
                )
            return super().pin(name)
        raise PinInvalidPin(f"{name} is not a line's number")

    def spi(self, **spi_args: Any) -> Any:
        """
        Refuses: lines are what this factory is for.
        """
        raise PinSPIUnsupported("the pin factory 'gpiochip' has no SPI")

    def ticks(self) -> float:
        """
        Seconds on the bench clock, which is the kernel's for GPIO edges.
        """
        return now_ns() / NS_PER_S

    def ticks_diff(self, later: float, earlier: float) -> float:
        """
        Seconds from one tick to another.
        """
        return later - earlier

    def __repr__(self) -> str:
        return f"gpiochip ({self.chip}, {self.label}, lgpio)"

    def _get_board_info(self) -> LineBoard:
        return self._info

    def _open(self, number: int) -> int:
        try:
            return int(self.lgpio.gpiochip_open(number))
        except self.lgpio.error as error:
            problem = f"cannot be opened: {error.value}; may this user read and write it (often by the group `gpio`)?"
            raise DeviceError(str(self.chip), problem) from error

    def _labelled(self, label: str, dev: Path) -> int:
        found: dict[str, int] = {}
        for number in numbers(dev, "gpiochip"):
            self.chip = dev / f"gpiochip{number}"
            handle = self._open(number)
            _, _, _, its_label = self.lgpio.gpio_get_chip_info(handle)
            self.lgpio.gpiochip_close(handle)
            found.setdefault(its_label, number)
        if label not in found:
            hint = nearest(label, found) if found else _CURE
            raise DeviceError("gpiochip", f"there is no GPIO chip with the label '{label}'; {hint}")
        return found[label]


def _number(chip: int | str | None, dev: Path) -> int | None:
    """
    The N of the `/dev/gpiochipN` that is meant; None for what can only be a label.
    """
    there = numbers(dev, "gpiochip")
    if chip is None:
        if len(there) != 1:
            names = ", ".join(f"{dev}/gpiochip{number}" for number in there)
            raise DeviceError("gpiochip", f"give one as gpio.chip: {names}" if there else _CURE)
        return there[0]
    name = f"gpiochip{chip}" if str(chip).isdecimal() else str(chip)
    if "/" not in name and not re.fullmatch(r"gpiochip\d+", name):
        return None
    path = dev / name
    match = re.fullmatch(r"gpiochip(\d+)", path.resolve().name)
    if not path.exists() or match is None:
        raise DeviceError("gpiochip", missing(path, "gpiochip", _CURE))
    return int(match[1])
