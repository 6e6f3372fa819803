"""
A gpiozero pin factory for any Linux board that has a `/dev/gpiochipN`, through lgpio.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gpiozero.exc import PinInvalidPin, PinSPIUnsupported
from gpiozero.pins.pi import PiFactory

from ..clock import NS_PER_S, now_ns
from ..errors import DeviceError, UsageError
from ..model.rig import Released, RigSpec
from ._chips import LabelOf, cannot_be_opened, label_of, node_of
from ._lgpio import load
from ._line import Line
from ._nodes import DEV
from .lines import LineBoard
from .released import SYS, released_lines, settled


class GpiochipFactory(PiFactory):  # type: ignore[misc]
    """
    The lines of one GPIO chip: by its number, its path, its label, or None where there is only one.

    Unlike gpiozero's own factory over lgpio it needs no Pi, sets a level together with the direction, and leaves a
    closed line to the kernel as it is: `released_lines` says what that does with it, or where it does not, what
    `declared` does. Raises DeviceError when there is no such chip, or when it cannot be opened.
    """

    stamps_edges = True
    """Whether an edge comes with the kernel's time of it, on the bench clock."""

    def __init__(
        self,
        chip: int | str | None = None,
        *,
        declared: Released | None = None,
        lgpio: Any = None,
        dev: Path = DEV,
        sys: Path = SYS,
        label_of: LabelOf = label_of,
    ) -> None:
        self.handle: int | None = None
        super().__init__()
        self.chip = node_of(chip, dev, label_of)
        self.lgpio = load() if lgpio is None else lgpio
        self.pin_class = Line
        self.handle = self._open()
        _, self.line_count, _, self.label = self.lgpio.gpio_get_chip_info(self.handle)
        self.released_lines = settled(released_lines(self.label, sys), declared)
        self._info = LineBoard.named(f"{self.chip} ({self.label})")

    @classmethod
    def for_rig(cls, rig: RigSpec, world: object) -> GpiochipFactory:
        """
        The factory of the chip that a rig names. Raises DeviceError.
        """
        return cls() if rig.gpio is None else cls(rig.gpio.chip, declared=rig.gpio.released_lines)

    @classmethod
    def check_rig(cls, rig: RigSpec, dev: Path = DEV, label_of: LabelOf = label_of) -> None:
        """
        Looks whether the chip that a rig names is there; touches no line. Raises UsageError with file and key.
        """
        try:
            node_of(rig.gpio.chip if rig.gpio else None, dev, label_of)
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

    def _open(self) -> int:
        try:
            return int(self.lgpio.gpiochip_open(int(self.chip.name.removeprefix("gpiochip"))))
        except self.lgpio.error as error:
            raise DeviceError(str(self.chip), cannot_be_opened(error.value)) from error
