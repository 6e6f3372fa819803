"""
A battery that the DUT reads over I2C: the board pretends to be its fuel gauge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from ..board.answers import Chip, GaugeFault, GaugeReading
from ..board.client import Board
from ..clock import now_ns
from ..errors import DeviceError, UsageError, nearest
from ..model.instant import Instant
from ..protocols import Wiring
from ._charge import LITHIUM, ChargePoint, check_curve, voltage_v
from ._hands import Hands, hands

_FULL_PERCENT = 100.0

# The wire carries hundredths of a percent; chips and their readers round once more.
_AGREES_PERCENT = 0.02

# Where the chips are by themselves: the MAX17048, MAX17040, BQ27441, PiSugar 3 and INA219 (Waveshare UPS HAT C) data
# sheets and schematics, and the Smart Battery Data Specification.
_ADDRESSES = {
    Chip.MAX17048: 0x36,
    Chip.MAX17040: 0x36,
    Chip.BQ27441: 0x55,
    Chip.PISUGAR3: 0x57,
    Chip.INA219: 0x43,
    Chip.SBS: 0x0B,
}

_LIES = {lie.name.lower(): lie for lie in GaugeFault if lie is not GaugeFault.NACK_DATA}


class BoardBattery:
    """
    Shows a level and the voltage that belongs to it. Everything it tells the gauge it reads back.

    Closing it leaves the gauge as it is; a board whose host has fallen silent shows a full battery by itself.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        Which board, and which chip it pretends to be: at `address`, or at the chip's own. `curve` is the cell's.
        """

        board: str
        chip: Literal["max17048", "max17040", "bq27441", "pisugar3", "ina219", "sbs"] = "max17048"
        address: int | None = None
        curve: tuple[ChargePoint, ...] = LITHIUM

        def __post_init__(self) -> None:
            # The I2C specification reserves the addresses below 08h and above 77h.
            if self.address is not None and not 0x08 <= self.address <= 0x77:
                raise ValueError(f"address {self.address:#04x} is none that a chip may have; use 0x08 to 0x77")
            check_curve(self.curve)

        def resources(self) -> tuple[str, ...]:
            """
            A board has one gauge.
            """
            return (f"the gauge of board '{self.board}'",)

    cannot: Mapping[str, str] = MappingProxyType({})

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        self.name, self.config = name, config
        self._wiring = wiring
        self._chip = Chip[config.chip.upper()]
        self._address = config.address or _ADDRESSES[self._chip]
        self._hands: Hands | None = None
        self._percent = _FULL_PERCENT

    async def open(self) -> None:
        """
        Becomes the gauge, full and honest. Raises DeviceError when the board cannot be that chip.
        """
        self._hands = hands(self._wiring, self.config.board)
        await self._fill()

    async def aclose(self) -> None:
        """
        Lets go of the gauge, which goes on showing what it shows.
        """
        self._hands = None

    async def set_level(self, percent: float) -> Instant:
        """
        Shows a level (percent); under a lie, moves what it lies about. Raises DeviceError.
        """

        def tell(board: Board) -> None:
            self._set(board, percent)

        at, shown = await self._told(tell)
        if shown.fault is GaugeFault.NONE:
            self._check(f"was set to {percent:g} %", percent, shown)
        self._percent = percent
        return at

    async def misbehave(self, fault: str, *, level_percent: float | None = None, seed: int = 0) -> Instant:
        """
        Lies, or with `none` stops lying. A `jump` is off by `level_percent`, a `drift` moves by it every minute. A
        gauge that is `stuck` has the battery behind it brought to `level_percent`, and must not show that.

        Raises UsageError for an unknown lie; DeviceError.
        """
        if fault not in _LIES:
            raise UsageError(f"no gauge lies like '{fault}'; {nearest(fault, _LIES)}")
        lie, by = _LIES[fault], level_percent or 0.0
        before = self._percent

        def tell(board: Board) -> None:
            off_v = self._voltage_v(before + by) - self._voltage_v(before)
            board.fault_gauge(lie, level_percent=by, voltage_v=off_v, seed=seed)
            if lie is GaugeFault.STUCK:
                self._set(board, by)

        at, shown = await self._told(tell)
        if shown.fault is not lie:
            raise DeviceError(self.name, f"was told to lie ({fault}), and says that it does not")
        if lie is GaugeFault.STUCK:
            self._check("was told to be stuck", before, shown)
        return at

    async def make_safe(self) -> None:
        """
        Shows a full battery and tells no lies. Raises DeviceError.
        """
        await self._fill()

    async def undo(self, action: str) -> None:
        """
        Does `full`. Raises DeviceError, also for another action.
        """
        if action != "full":
            raise DeviceError(self.name, f"cannot undo by '{action}': a battery knows 'full'")
        await self._fill()

    async def _fill(self) -> None:

        def tell(board: Board) -> None:
            # Full before it is honest, so that the DUT gets no glimpse of what the lie was about.
            self._set(board, _FULL_PERCENT)
            there = board.gauge()
            # Not started anew where it is: the DUT would see its gauge leave the bus.
            if (there.chip, there.address) != (self._chip, self._address):
                board.start_gauge(self._chip, self._address)
            board.fault_gauge(GaugeFault.NONE)

        _, shown = await self._told(tell, safely=True)
        self._check("was set to full", _FULL_PERCENT, shown)
        self._percent = _FULL_PERCENT

    async def _told(self, tell: Callable[[Board], None], *, safely: bool = False) -> tuple[Instant, GaugeReading]:
        """
        When the gauge was told something, and what it shows afterwards.
        """
        if self._hands is None:
            raise DeviceError(self.name, "is not open")
        ask = self._hands.rescue if safely else self._hands.call

        def call(board: Board) -> tuple[Instant, GaugeReading]:
            called_ns = now_ns()
            tell(board)
            return Instant(called_ns, now_ns()), board.gauge()

        return await ask(call)

    def _set(self, board: Board, percent: float) -> None:
        board.set_gauge(level_percent=percent, voltage_v=self._voltage_v(percent))

    def _check(self, told: str, percent: float, shown: GaugeReading) -> None:
        if abs(shown.level_percent - percent) > _AGREES_PERCENT:
            raise DeviceError(self.name, f"{told}, and shows {shown.level_percent:g} %")

    def _voltage_v(self, percent: float) -> float:
        return voltage_v(self.config.curve, percent)
