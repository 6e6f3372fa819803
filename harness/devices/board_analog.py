"""
A battery that the DUT measures as a voltage: a PWM output of the board, smoothed by a resistor and a capacitor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

from ..board.client import Board
from ..clock import now_ns
from ..errors import DeviceError, UsageError, nearest
from ..model.instant import Instant
from ..protocols import Wiring
from ._charge import LITHIUM, CalibrationPoint, ChargePoint, check_curve, voltage_v
from ._hands import Hands, hands

_FULL_PERCENT = 100.0
_LIES = ("none", "stuck", "jump")


class BoardAnalog:
    """
    Makes the voltage that a level has on the cell's curve, through the DUT's divider.

    A board whose host has fallen silent makes the voltage that its pin table declares safe: that of a full battery, if
    the table says so for this wiring.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        Which output of which board. `divider` is the part of the cell's voltage that reaches the DUT's input;
        `calibration` is what was measured there, a `duty` of 0 to 65535 with its `voltage`, at least two.
        """

        board: str
        channel: int = 0
        divider_ratio: float = 0.5
        curve: tuple[ChargePoint, ...] = LITHIUM
        calibration: tuple[CalibrationPoint, ...] = (
            CalibrationPoint(duty=0, voltage_v=0.0),
            CalibrationPoint(duty=65535, voltage_v=3.3),
        )

        def __post_init__(self) -> None:
            check_curve(self.curve)
            if self.channel < 0:
                raise ValueError("channel must be a number from 0 up")
            if not 0 < self.divider_ratio <= 1:
                raise ValueError("divider must be more than 0 % and at most 100 %")
            points = sorted(self.calibration, key=lambda point: point.duty)
            if len(points) < 2 or any(high.voltage_v <= low.voltage_v for low, high in pairwise(points)):
                raise ValueError("calibration must have at least two points that rise in duty and in voltage")
            low_v, high_v = (self.divider_ratio * self.curve[end].voltage_v for end in (0, -1))
            if low_v < points[0].voltage_v or high_v > points[-1].voltage_v:
                raise ValueError(
                    f"the curve needs {low_v:.3f} V to {high_v:.3f} V behind the divider, and the calibration spans "
                    f"{points[0].voltage_v:g} V to {points[-1].voltage_v:g} V"
                )

        def resources(self) -> tuple[str, ...]:
            """
            The output that it occupies.
            """
            return (f"analog output {self.channel} of board '{self.board}'",)

    cannot: Mapping[str, str] = MappingProxyType(
        {
            "drift": "its output holds still between two commands; a `battery_drain` moves it",
            "garbage": "a voltage has no registers that could be scrambled",
            "nack": "a voltage cannot refuse to answer: an input always measures something",
        }
    )

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        self.name, self.config = name, config
        self._wiring = wiring
        self._points = [(point.duty, point.voltage_v) for point in config.calibration]
        self._hands: Hands | None = None
        self._percent = _FULL_PERCENT
        self._by, self._is_stuck = 0.0, False

    async def open(self) -> None:
        """
        Calibrates the output and makes a full battery's voltage. Raises DeviceError.
        """
        self._hands = hands(self._wiring, self.config.board)
        await self._fill()

    async def aclose(self) -> None:
        """
        Lets go of the output as it is.
        """
        self._hands = None

    async def set_level(self, percent: float) -> Instant:
        """
        Makes the voltage of a level (percent), unless it is stuck. Raises DeviceError.
        """
        at = await self._told(lambda board: self._write(board, percent))
        self._percent = percent
        return at

    async def misbehave(self, fault: str, *, level_percent: float | None = None, seed: int = 0) -> Instant:
        """
        Lies, or with `none` stops lying: a `jump` is off by `level_percent`, `stuck` holds the voltage.

        Raises UsageError for a lie that a voltage cannot tell; DeviceError.
        """
        if fault in self.cannot:
            raise UsageError(f"'{self.name}' cannot tell the lie '{fault}': {self.cannot[fault]}")
        if fault not in _LIES:
            raise UsageError(f"no battery lies like '{fault}'; {nearest(fault, _LIES)}")
        self._is_stuck = fault == "stuck"
        self._by = level_percent or 0.0 if fault == "jump" else 0.0
        return await self._told(lambda board: self._write(board, self._percent))

    async def make_safe(self) -> None:
        """
        Makes the voltage of a full battery. Raises DeviceError.
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
        self._by, self._is_stuck = 0.0, False

        def tell(board: Board) -> None:
            # A board that has restarted has forgotten its points.
            board.calibrate_analog(self.config.channel, self._points)
            self._write(board, _FULL_PERCENT)

        await self._told(tell, safely=True)
        self._percent = _FULL_PERCENT

    def _write(self, board: Board, percent: float) -> None:
        if not self._is_stuck:
            board.write_analog(
                self.config.channel, self.config.divider_ratio * voltage_v(self.config.curve, percent + self._by)
            )

    async def _told(self, tell: Callable[[Board], None], *, safely: bool = False) -> Instant:
        if self._hands is None:
            raise DeviceError(self.name, "is not open")
        ask = self._hands.rescue if safely else self._hands.call

        def call(board: Board) -> Instant:
            called_ns = now_ns()
            tell(board)
            return Instant(called_ns, now_ns())

        return await ask(call)
