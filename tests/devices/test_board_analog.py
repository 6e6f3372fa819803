"""
A battery's voltage on the real firmware, in this process: percent to volts to duty.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from harness import clock
from harness.devices._charge import LITHIUM, CalibrationPoint, voltage_v
from harness.devices.board_analog import BoardAnalog
from harness.errors import DeviceError, UsageError
from harness.protocols import Battery
from tests.devices.pico import Pico

# firmware/pins.py: the GPIO of analog output 0.
GPIO = 18


def volts(pico: Pico, full_v: float = 3.3) -> float:
    """
    What the filter makes of the duty.
    """
    return pico.outside.duties[GPIO] / 65535 * full_v


def play(test: Callable[[BoardAnalog, Pico], Awaitable[None]], **keys: Any) -> None:
    async def main() -> None:
        pico = Pico()
        battery = BoardAnalog("cell", BoardAnalog.Config(board="pico", **keys), pico)  # type: ignore[arg-type]
        await battery.open()
        await test(battery, pico)

    clock.run(main, virtual=True)


def test_it_is_a_battery_and_full_once_open() -> None:
    async def test(battery: BoardAnalog, pico: Pico) -> None:
        assert isinstance(battery, Battery)
        assert volts(pico) == pytest.approx(2.1, abs=0.001)

    play(test)


def test_each_level_has_the_voltage_of_the_curve_behind_the_divider() -> None:
    async def test(battery: BoardAnalog, pico: Pico) -> None:
        for percent in range(101):
            await battery.set_level(percent)
            assert volts(pico) == pytest.approx(0.5 * voltage_v(LITHIUM, percent), abs=0.001)

    play(test)


def test_calibration_makes_up_for_what_the_filter_loses() -> None:
    async def test(battery: BoardAnalog, pico: Pico) -> None:
        await battery.set_level(100)
        assert volts(pico, full_v=3.0) == pytest.approx(2.1, abs=0.001)

    play(test, calibration=(CalibrationPoint(duty=0, voltage_v=0.0), CalibrationPoint(duty=65535, voltage_v=3.0)))


def test_stuck_holds_the_voltage_and_jump_moves_it() -> None:
    async def test(battery: BoardAnalog, pico: Pico) -> None:
        await battery.misbehave("stuck", level_percent=0)
        await battery.set_level(10)
        assert volts(pico) == pytest.approx(2.1, abs=0.001)
        await battery.misbehave("jump", level_percent=50)
        assert volts(pico) == pytest.approx(0.5 * voltage_v(LITHIUM, 60), abs=0.001)
        await battery.misbehave("none")
        assert volts(pico) == pytest.approx(0.5 * voltage_v(LITHIUM, 10), abs=0.001)
        await battery.undo("full")
        assert volts(pico) == pytest.approx(2.1, abs=0.001)

    play(test)


@pytest.mark.parametrize("lie", ["drift", "garbage", "nack"])
def test_a_lie_that_a_voltage_cannot_tell_is_refused_with_the_reason(lie: str) -> None:
    async def test(battery: BoardAnalog, pico: Pico) -> None:
        with pytest.raises(UsageError, match=f"'cell' cannot tell the lie '{lie}': "):
            await battery.misbehave(lie)
        assert battery.cannot[lie]
        assert volts(pico) == pytest.approx(2.1, abs=0.001)

    play(test)


def test_a_board_that_has_restarted_is_calibrated_again() -> None:
    points = (CalibrationPoint(duty=0, voltage_v=0.0), CalibrationPoint(duty=65535, voltage_v=3.0))

    async def test(battery: BoardAnalog, pico: Pico) -> None:
        pico.outside.reset_board()
        pico.board.hello()
        assert volts(pico) == pytest.approx(2.1, abs=0.001), "what its pin table declares, uncalibrated"
        await battery.make_safe()
        assert volts(pico, full_v=3.0) == pytest.approx(2.1, abs=0.001)

    play(test, calibration=points)


def test_what_is_not_open_or_unknown_is_told() -> None:
    async def test(battery: BoardAnalog, _: Pico) -> None:
        with pytest.raises(UsageError, match="did you mean 'jump'"):
            await battery.misbehave("jumps")
        with pytest.raises(DeviceError, match="knows 'full'"):
            await battery.undo("off")
        await battery.aclose()
        with pytest.raises(DeviceError, match="is not open"):
            await battery.set_level(50)

    play(test)


@pytest.mark.parametrize(
    "keys",
    [
        {"channel": -1},
        {"divider_ratio": 0.0},
        {"divider_ratio": 1.0},
        {"calibration": (CalibrationPoint(duty=0, voltage_v=0.0),)},
        {"calibration": (CalibrationPoint(duty=0, voltage_v=3.0), CalibrationPoint(duty=9, voltage_v=0.0))},
    ],
)
def test_what_makes_no_sense_is_refused(keys: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"channel|divider|calibration"):
        BoardAnalog.Config(board="pico", **keys)
