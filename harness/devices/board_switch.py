"""
A DUT's supply behind an output of a board: a MOSFET, or a mechanical relay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..errors import DeviceError
from ..model.instant import Instant
from ..protocols import Wiring
from ._board_part import BoardOutput

# A logic-level MOSFET with its driver: some 10 us to 50 us for a stroke, and no bounce.
_MOSFET_PULSE_S = 100e-6

# Songle SRD data sheet: 10 ms to operate at most; hobbyists measured 7 ms to 12 ms from the edge to the contact, and up
# to 2 ms of bounce.
_RELAY_PULSE_S, _RELAY_CHATTER_S = 0.020, 0.002

# Songle SRD data sheet: 100 000 operations at rated load.
_RELAY_LIFE = 100_000


class BoardSwitch:
    """
    Feeds a DUT through a contact that a board switches, at instants of the board's own clock.

    The board's dead-man releases it: on a normally closed contact (`nc`) that feeds the DUT, on a normally open one
    (`no`) it starves it.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        `output` is the board's, by its number in the firmware's pin table. `mechanical` is a relay, with the chatter,
        the floor and the life of one, unless `chatter`, `min_pulse` and `contact_life` say otherwise.
        """

        board: str
        output: int
        contact: Literal["nc", "no"] = "nc"
        mechanical: bool = False
        chatter_s: float | None = None
        min_on_s: float = 0.0
        min_off_s: float = 0.0
        min_pulse_s: float | None = None
        # Songle SRD data sheet: 30 operations a minute at rated load. A MOSFET has no such limit; it has the same here.
        cycles_per_hour: int = 1800
        contact_life: int | None = None

        def __post_init__(self) -> None:
            if self.output < 0:
                raise ValueError("output must be a number of the board's pin table, from 0 up")
            if min(self.chatter_s or 0, self.min_on_s, self.min_off_s, self.min_pulse_s or 0) < 0:
                raise ValueError("chatter, min_on, min_off and min_pulse must not be negative")
            if min(self.cycles_per_hour, self.contact_life or 1) < 1:
                raise ValueError("cycles_per_hour and contact_life must be at least 1")

        def resources(self) -> tuple[str, ...]:
            """
            The output that it occupies.
            """
            return (f"output {self.output} of board '{self.board}'",)

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        self.name, self.config = name, config
        floor_s, chatter_s = (_RELAY_PULSE_S, _RELAY_CHATTER_S) if config.mechanical else (_MOSFET_PULSE_S, 0.0)
        self.chatter_s = chatter_s if config.chatter_s is None else config.chatter_s
        self.min_on_s = config.min_on_s
        self.min_off_s = config.min_off_s
        self.min_pulse_s = floor_s if config.min_pulse_s is None else config.min_pulse_s
        self.cycles_per_hour = config.cycles_per_hour
        self.contact_life = config.contact_life or (_RELAY_LIFE if config.mechanical else None)
        self.stays_on, self.stays_off = config.contact == "nc", config.contact == "no"
        """Whether it stays on, or off, when the host has gone: the board's dead-man releases it."""
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

    async def on(self) -> Instant:
        """
        Feeds the DUT; the instant is the board's. Raises DeviceError.
        """
        return await self._part.drive(self._energised(True))

    async def off(self) -> Instant:
        """
        Starves the DUT; the instant is the board's. Raises DeviceError.
        """
        return await self._part.drive(self._energised(False))

    async def interrupt(self, off_s: float) -> tuple[Instant, Instant]:
        """
        Starves the DUT for `off_s` seconds, timed by the board. Raises DeviceError, also on a normally open contact,
        which would have to be released by a dead-man's rule to feed.
        """
        if self.config.contact == "no":
            raise DeviceError(self.name, "can time an interruption on a normally closed contact only")
        return await self._part.pulse(off_s)

    async def is_on(self) -> bool | None:
        """
        Whether the board drives it to where it feeds the DUT; None while that cannot be asked.
        """
        try:
            return await self._part.is_energised() == self._energised(True)
        except DeviceError:
            return None

    async def make_safe(self) -> None:
        """
        Releases it, whatever trouble the board is in. Raises DeviceError.
        """
        await self._part.release()

    async def undo(self, action: str) -> None:
        """
        Does `on` or `off`; what the released contact does is done even while the board is in trouble. Raises
        DeviceError, also for an action that a switch does not know.
        """
        if action not in ("on", "off"):
            raise DeviceError(self.name, f"cannot undo by '{action}': a switch knows 'on' and 'off'")
        energised = self._energised(action == "on")
        await (self._part.drive(True) if energised else self._part.release())

    def _energised(self, on: bool) -> bool:
        """
        Whether the output is energised while the DUT is fed (`on`) or starved.
        """
        return on == (self.config.contact == "no")
