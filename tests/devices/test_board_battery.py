"""
A battery on the real firmware, in this process: what it is told is what a DUT reads.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from harness import clock
from harness.board.answers import Chip, GaugeFault
from harness.devices._charge import LITHIUM, ChargePoint, voltage_v
from harness.devices.board_battery import BoardBattery
from harness.errors import DeviceError, UsageError
from harness.protocols import Battery
from harness.sim._gauge import battery as read_by_dut
from tests.devices.pico import Pico

Test = Callable[[BoardBattery, Pico], Awaitable[None]]


def play(test: Test, **keys: Any) -> None:
    """
    Runs a test in virtual time, with an open battery on a board of its own.
    """

    async def main() -> None:
        pico = Pico()
        battery = BoardBattery("battery", BoardBattery.Config(board="pico", **keys), pico)  # type: ignore[arg-type]
        await battery.open()
        await test(battery, pico)

    clock.run(main, virtual=True)


def test_it_is_a_battery() -> None:
    async def test(battery: BoardBattery, _: Pico) -> None:
        assert isinstance(battery, Battery)

    play(test)


def test_once_open_the_dut_reads_a_full_battery() -> None:
    async def test(battery: BoardBattery, pico: Pico) -> None:
        assert read_by_dut(pico.outside.i2c) == {
            "battery_percent": 100.0,
            "battery_v": 4.2,
            "battery_problem": None,
        }

    play(test)


def test_the_dut_reads_every_percent_that_is_set_and_its_voltage() -> None:
    async def test(battery: BoardBattery, pico: Pico) -> None:
        for percent in range(101):
            at = await battery.set_level(percent)
            told = read_by_dut(pico.outside.i2c)
            assert told["battery_percent"] == percent
            assert told["battery_v"] == pytest.approx(voltage_v(LITHIUM, percent), abs=0.001)
            assert at.holds(clock.now_ns())

    play(test)


@pytest.mark.parametrize(
    ("chip", "address", "register", "expected"),
    [
        ("max17040", 0x36, 0x04, bytes((40, 0))),
        ("bq27441", 0x55, 0x1C, bytes((40, 0))),
        ("pisugar3", 0x57, 0x2A, bytes((40,))),
        ("sbs", 0x0B, 0x0D, bytes((40, 0))),
    ],
)
def test_every_chip_answers_at_its_own_address(chip: str, address: int, register: int, expected: bytes) -> None:
    async def test(battery: BoardBattery, pico: Pico) -> None:
        await battery.set_level(40)
        assert pico.outside.i2c(address, bytes((register,)), len(expected)) == expected
        assert pico.outside.i2c(address + 1, b"\x00", 1) is None

    play(test, chip=chip)


def test_a_waveshare_hat_is_an_ina219_that_measures_the_cell() -> None:
    async def test(battery: BoardBattery, pico: Pico) -> None:
        await battery.set_level(100)
        answer = pico.outside.i2c(0x42, b"\x02", 2)
        assert answer is not None
        # INA219 data sheet, "Bus Voltage Register": bits 15-3, 4 mV each.
        assert (int.from_bytes(answer, "big") >> 3) * 0.004 == pytest.approx(8.4, abs=0.004)

    curve = (ChargePoint(level_ratio=0, voltage_v=6.0), ChargePoint(level_ratio=1, voltage_v=8.4))
    play(test, chip="ina219", address=0x42, curve=curve)


def test_a_jump_is_off_by_its_size_until_it_is_honest_again() -> None:
    async def test(battery: BoardBattery, pico: Pico) -> None:
        await battery.set_level(80)
        await battery.misbehave("jump", level_percent=-30)
        told = read_by_dut(pico.outside.i2c)
        assert told["battery_percent"] == 50
        assert told["battery_v"] == pytest.approx(voltage_v(LITHIUM, 50), abs=0.002)
        await battery.misbehave("none")
        assert read_by_dut(pico.outside.i2c)["battery_percent"] == 80

    play(test)


def test_a_stuck_gauge_shows_nothing_of_what_the_battery_does() -> None:
    async def test(battery: BoardBattery, pico: Pico) -> None:
        await battery.set_level(70)
        await battery.misbehave("stuck", level_percent=0)
        await battery.set_level(30)
        assert read_by_dut(pico.outside.i2c)["battery_percent"] == 70
        await battery.undo("full")
        assert read_by_dut(pico.outside.i2c)["battery_percent"] == 100

    play(test)


@pytest.mark.parametrize(("lie", "problem"), [("nack", "not acknowledged"), ("garbage", "nonsense")])
def test_a_gauge_that_makes_no_sense_is_not_believed(lie: str, problem: str) -> None:
    async def test(battery: BoardBattery, pico: Pico) -> None:
        await battery.misbehave(lie, seed=3)
        told = read_by_dut(pico.outside.i2c)
        assert told["battery_percent"] is None
        assert str(told["battery_problem"]).startswith(problem)
        await battery.make_safe()
        assert read_by_dut(pico.outside.i2c)["battery_percent"] == 100

    play(test)


def test_a_drift_goes_on_by_itself() -> None:
    async def test(battery: BoardBattery, pico: Pico) -> None:
        await battery.misbehave("drift", level_percent=-10)
        await clock.sleep_until(clock.now_ns() + 30 * clock.NS_PER_S)
        assert read_by_dut(pico.outside.i2c)["battery_percent"] == pytest.approx(95, abs=0.1)

    play(test)


def test_a_lie_that_no_gauge_tells_is_the_callers_mistake() -> None:
    async def test(battery: BoardBattery, _: Pico) -> None:
        with pytest.raises(UsageError, match="did you mean 'drift'"):
            await battery.misbehave("drifts")

    play(test)


@pytest.mark.parametrize("lie", ["none", "stuck", "jump", "drift", "garbage", "nack"])
def test_from_every_lie_it_becomes_safe_without_the_dut_ever_reading_anything_lower(lie: str) -> None:
    async def test(battery: BoardBattery, pico: Pico) -> None:
        await battery.misbehave(lie, level_percent=0)
        seen: list[Any] = []
        plain_set, plain_fault = pico.board.set_gauge, pico.board.fault_gauge

        def after(call: Callable[..., None]) -> Callable[..., None]:
            def watched(*given: Any, **named: Any) -> None:
                call(*given, **named)
                seen.append(read_by_dut(pico.outside.i2c)["battery_percent"])

            return watched

        pico.board.set_gauge, pico.board.fault_gauge = after(plain_set), after(plain_fault)  # type: ignore[method-assign]
        await battery.make_safe()
        assert set(seen) <= {None, 100.0}
        assert seen[-1] == 100.0
        assert pico.board.gauge().fault is GaugeFault.NONE

    play(test)


def test_a_board_that_has_restarted_becomes_the_gauge_again() -> None:
    async def test(battery: BoardBattery, pico: Pico) -> None:
        await battery.set_level(20)
        pico.outside.reset_board()
        pico.board.hello()
        pico.trouble = "has restarted by itself"
        with pytest.raises(DeviceError, match="restarted"):
            await battery.set_level(30)
        await battery.make_safe()
        assert read_by_dut(pico.outside.i2c)["battery_percent"] == 100
        assert pico.board.gauge().chip is Chip.MAX17048

    play(test)


def test_opening_it_again_does_not_take_the_gauge_off_the_bus() -> None:
    async def test(battery: BoardBattery, pico: Pico) -> None:
        await battery.set_level(20)
        pico.board.start_gauge = lambda *_: pytest.fail("it was started anew")  # type: ignore[method-assign]
        await battery.aclose()
        await battery.open()
        assert read_by_dut(pico.outside.i2c)["battery_percent"] == 100

    play(test)


def test_a_gauge_that_does_not_show_what_it_was_told_is_an_error_of_the_bench() -> None:
    async def test(battery: BoardBattery, pico: Pico) -> None:
        pico.board.set_gauge = lambda **_: None  # type: ignore[method-assign]
        with pytest.raises(DeviceError, match="battery: was set to 20 %, and shows 100 %"):
            await battery.set_level(20)

    play(test)


def test_what_is_not_open_or_unknown_is_told() -> None:
    async def test(battery: BoardBattery, pico: Pico) -> None:
        with pytest.raises(DeviceError, match="knows 'full'"):
            await battery.undo("on")
        await battery.aclose()
        with pytest.raises(DeviceError, match="is not open"):
            await battery.set_level(5)
        stray = BoardBattery("battery", BoardBattery.Config(board="mains"), pico)  # type: ignore[arg-type]
        with pytest.raises(UsageError, match="'mains' is no board"):
            await stray.open()

    play(test)


@pytest.mark.parametrize(
    "keys",
    [
        {"address": 0x78},
        {"curve": (ChargePoint(level_ratio=0, voltage_v=3.0),)},
        {"curve": (ChargePoint(level_ratio=0, voltage_v=3.0), ChargePoint(level_ratio=0.9, voltage_v=4.0))},
        {"curve": (ChargePoint(level_ratio=0, voltage_v=4.0), ChargePoint(level_ratio=1, voltage_v=3.0))},
    ],
)
def test_what_makes_no_sense_is_refused(keys: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"address|curve"):
        BoardBattery.Config(board="pico", **keys)
