"""
A gpiozero pin factory whose lines are the lab's.
"""

from __future__ import annotations

from time import monotonic
from typing import Any

from gpiozero.exc import PinFixedPull, PinSetInput
from gpiozero.pins.pi import PiFactory, PiPin

from ..model.rig import Released, RigSpec
from ..wiring.lines import LineBoard
from .lab_client import LabClient
from .place import address


class LabPin(PiPin):  # type: ignore[misc]
    """
    A line of the lab: an output drives it, and reads back what is really on it.
    """

    def __init__(self, factory: LabFactory, info: Any) -> None:
        super().__init__(factory, info)
        self._lab = factory.lab
        self._function = "input"
        self._pull = "floating"

    def output_with_state(self, state: bool) -> None:
        """
        Becomes an output at that level, at once: the line never shows another one.
        """
        self._lab.drive(self._number, int(bool(state)))
        self._function = "output"

    def close(self) -> None:
        """
        Lets go of the line without moving it: the end of its factory, or of its process, settles what becomes of it.
        """

    def _get_function(self) -> str:
        return self._function

    def _set_function(self, value: str) -> None:
        if value == "output":
            # As gpiozero over a kernel line: without a level it drives low.
            self.output_with_state(False)
        else:
            self._lab.release(self._number)
            self._function = "input"

    def _get_state(self) -> int:
        return self._lab.level(self._number, int(self._pull == "up"))

    def _set_state(self, value: bool) -> None:
        if self._function != "output":
            raise PinSetInput(f"cannot set state of pin {self!r}")
        self._lab.drive(self._number, int(bool(value)))

    def _get_pull(self) -> str:
        return self._pull

    def _set_pull(self, value: str) -> None:
        if self._function != "input":
            raise PinFixedPull(f"cannot set pull on non-input pin {self!r}")
        self._pull = value


class LabFactory(PiFactory):  # type: ignore[misc]
    """
    Lines of any number, over one connection to a lab: they are driven as long as it lasts.
    """

    def __init__(self, lab: LabClient, released_lines: Released = "unknown") -> None:
        super().__init__()
        self.lab, self.released_lines = lab, released_lines
        self.pin_class = LabPin
        self._info = LineBoard.named("crashbench lab")

    @classmethod
    def for_rig(cls, rig: RigSpec, world: object = None) -> LabFactory:
        """
        The factory of a rig whose lab is running. Raises DeviceError when it is not.
        """
        return cls(LabClient(address(rig)), rig.world.released_lines if rig.world else "unknown")

    def close(self) -> None:
        """
        Closes the pins, and lets go of every line.
        """
        super().close()
        self.lab.close()

    def ticks(self) -> float:
        """
        Seconds on CLOCK_MONOTONIC.
        """
        return monotonic()

    def ticks_diff(self, later: float, earlier: float) -> float:
        """
        Seconds between two ticks.
        """
        return later - earlier

    def __repr__(self) -> str:
        return f"lab (pid {self.lab.lab_pid})"
