"""
A gpiozero pin factory whose lines move the simulated world.
"""

from __future__ import annotations

from typing import Any

from gpiozero.exc import PinInvalidFunction
from gpiozero.pins.mock import MockFactory, MockPin

from ..errors import BenchError
from ..model.rig import RigSpec
from ..wiring.lines import LineBoard
from .world import World


class SimPin(MockPin):  # type: ignore[misc]
    """
    A line of the world: as an output it drives, as an input it shows what the line's level is.
    """

    def __init__(self, factory: SimFactory, info: Any) -> None:
        super().__init__(factory, info)
        self._world = factory.world
        self._state = bool(self._world.level(self._number))

    def output_with_state(self, state: bool) -> None:
        """
        Becomes an output at that level, at once: the line never shows another one.
        """
        self._function = "output"
        self._set_state(state)

    def close(self) -> None:
        """
        Lets go of the line without moving it; the world says what then becomes of it.
        """
        self.when_changed = None
        if self._function == "output":
            self._function = "input"
            self._world.let_go(self._number)

    def _set_function(self, value: str) -> None:
        if value not in ("input", "output"):
            raise PinInvalidFunction(f"a line is an input or an output, not '{value}'")
        if value == "output":
            # As gpiozero over a kernel line: without a level it drives low.
            self.output_with_state(False)
        elif self._function == "output":
            self._function = "input"
            self._world.release(self._number)

    def _get_state(self) -> bool:
        return bool(self._world.level(self._number, int(self._pull == "up")))

    def _change_state(self, value: bool) -> bool:
        # In place of the mock's own record, which would grow with every edge.
        changed = self._state != value
        self._state = value
        if self._function == "output":
            self._world.drive(self._number, int(value))
        return changed


class SimFactory(MockFactory):  # type: ignore[misc]
    """
    Lines of any number, in the world that a rig in virtual time plays.
    """

    def __init__(self, world: World) -> None:
        super().__init__(pin_class=SimPin)
        self.world, self.released_lines = world, world.spec.released_lines
        self._info = LineBoard.named("simulated world")

    @classmethod
    def for_rig(cls, rig: RigSpec, world: World | None) -> SimFactory:
        """
        The factory of a rig. Raises BenchError when no world is played for it.
        """
        if world is None:
            raise BenchError(f"rig '{rig.name}' plays no world: the pin factory 'sim' has no lines to offer")
        return cls(world)

    def __repr__(self) -> str:
        return "sim (simulated world)"
