"""
A DUT's reset input behind an output of a board: an open-drain transistor that pulls it down.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import DeviceError
from ..model.instant import Instant
from ..model.train import Train
from ..protocols import Wiring
from ._board_part import BoardOutput


class BoardReset:
    """
    Holds a DUT in reset for a time that the board measures. Safe is released.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        `output` is the board's, by its number in the firmware's pin table; energised it holds the DUT in reset.
        """

        board: str
        output: int
        min_pulse_s: float = 100e-6

        def __post_init__(self) -> None:
            if self.output < 0:
                raise ValueError("output must be a number of the board's pin table, from 0 up")
            if self.min_pulse_s <= 0:
                raise ValueError("min_pulse must be more than 0")

        def resources(self) -> tuple[str, ...]:
            """
            The output that it occupies.
            """
            return (f"output {self.output} of board '{self.board}'",)

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        self.name, self.config = name, config
        self.min_pulse_s = config.min_pulse_s
        self._part = BoardOutput(name, config.board, config.output, wiring)

    async def open(self) -> None:
        """
        Finds its board, which is open and at its safe levels. Raises DeviceError when it is not, or has no such output.
        """
        await self._part.find()

    async def aclose(self) -> None:
        """
        Lets go of the board.
        """
        self._part.lose()

    async def pulse(self, width_s: float) -> tuple[Instant, Instant]:
        """
        Holds the DUT in reset for `width_s` seconds, timed by the board. Raises DeviceError.
        """
        if width_s < self.min_pulse_s:
            raise DeviceError(self.name, f"cannot pulse for less than {self.min_pulse_s * 1000:g} ms")
        return await self._part.pulse(width_s)

    async def train(self, train: Train, within_s: float) -> tuple[Instant, Instant]:
        """
        Holds the DUT in reset several times, or after edges on an input line of the board. Raises DeviceError.
        """
        if train.width_s < self.min_pulse_s:
            raise DeviceError(self.name, f"cannot pulse for less than {self.min_pulse_s * 1000:g} ms")
        return await self._part.train(train, within_s)

    async def make_safe(self) -> None:
        """
        Releases it, whatever trouble the board is in. Raises DeviceError.
        """
        await self._part.release()

    async def undo(self, action: str) -> None:
        """
        Does `release`. Raises DeviceError, also for another action.
        """
        if action != "release":
            raise DeviceError(self.name, f"cannot undo by '{action}': a reset line knows 'release'")
        await self.make_safe()
