"""
A rail's voltage, read back by an analog input of a board through its divider.
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import clock
from ..board.answers import AnalogReading
from ..board.client import Board
from ..errors import DeviceError
from ..model.instant import Instant
from ..model.reading import Flag, Reading
from ..protocols import Wiring
from ._board_holder import Holder

_FULL = 65535

# A request and its answer over USB take two of its frames; sixteen samples some 50 us.
_PERIOD_S = 0.005


class BoardAdc:
    """
    Fills a meter's role as far as voltage goes: it proves that a rail fell and rose, and knows no current.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        Which analog input of which board. `full_scale` is the rail's voltage at which it reads its greatest value:
        3.3 V over the divider's part. Each reading is the mean of `samples`.
        """

        board: str
        channel: int = 0
        full_scale_v: float = 6.6
        samples: int = 16

        def __post_init__(self) -> None:
            if self.channel < 0:
                raise ValueError("channel must be a number from 0 up")
            if not 0 < self.full_scale_v <= 65.5:
                raise ValueError("full_scale must be more than 0 V and at most 65.5 V")
            if not 1 <= self.samples <= 1000:
                raise ValueError("samples must be from 1 to 1000")

        def resources(self) -> tuple[str, ...]:
            """
            The input that it occupies.
            """
            return (f"analog input {self.channel} of board '{self.board}'",)

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        self.name, self.config, self._wiring = name, config, wiring
        self.period_s = _PERIOD_S
        self._next_ns = 0
        self._board: Holder | None = None

    async def open(self) -> None:
        """
        Tells the board its scale. Raises DeviceError.
        """
        board: Holder = self._wiring.device(self.config.board)
        if not board.trouble:
            await board.call(self._calibrate)
        self._board = board

    async def aclose(self) -> None:
        """
        Lets go of the board.
        """
        self._board = None

    async def read(self, after_ns: int | None = None) -> Reading:
        """
        A new reading, whose interval ends with the board's own stamp, and which begins no sooner than `period_s` after
        the last one; flagged OVERFLOW at the end of the scale, and NACK while the board does not answer.
        """
        if self._board is None:
            raise DeviceError(self.name, "is not open")
        await clock.sleep_until(self._next_ns)
        called_ns = clock.now_ns()
        self._next_ns = called_ns + round(self.period_s * clock.NS_PER_S)
        try:
            seen = await self._board.call(self._look)
            stamped_ns = self._board.instant(seen.ticks_us).latest_ns
        except DeviceError:
            return Reading(Instant(called_ns, clock.now_ns()), Flag.NACK)
        at = Instant(called_ns, max(called_ns, min(stamped_ns, clock.now_ns())))
        if seen.greatest == _FULL:
            return Reading(at, Flag.OVERFLOW)
        return Reading(at, Flag.OK, seen.voltage_v, None)

    def _calibrate(self, board: Board) -> None:
        board.calibrate_adc(self.config.channel, [(0, 0.0), (_FULL, self.config.full_scale_v)])

    def _look(self, board: Board) -> AnalogReading:
        return board.read_adc(self.config.channel, self.config.samples)
