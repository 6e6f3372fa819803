"""
The analog battery and the read-back of rails.
"""

from __future__ import annotations

import pytest

from harness.board.failures import RequestRefused

from .conftest import Bench

PWM = 18
ADC = 26


def test_uncalibrated_full_duty_is_3_3_volt(bench: Bench) -> None:
    assert bench.board.write_analog(0, 1.65) == pytest.approx(32768, abs=1)
    assert bench.outside.duties[PWM] == pytest.approx(32768, abs=1)


def test_calibration_points_bend_the_line(bench: Bench) -> None:
    bench.board.calibrate_analog(0, [(0, 0.05), (32768, 1.5), (65535, 3.2)])
    assert bench.board.write_analog(0, 1.5) == 32768
    assert bench.board.write_analog(0, 0.775) == pytest.approx(16384, abs=6)
    assert bench.board.write_analog(0, 3.2) == 65535
    with pytest.raises(RequestRefused, match="calibrated from 50 to 3200 mV"):
        bench.board.write_analog(0, 3.3)


@pytest.mark.parametrize("points", [[(0, 0.0)], [(0, 1.0), (10, 0.5)], [(5, 1.0), (5, 2.0)]])
def test_points_must_rise(bench: Bench, points: list[tuple[int, float]]) -> None:
    with pytest.raises(RequestRefused):
        bench.board.calibrate_analog(0, points)


def test_adc_read_back_through_a_divider(bench: Bench) -> None:
    bench.board.calibrate_adc(0, [(0, 0.0), (40_000, 12.0)])
    bench.outside.set_adc(ADC, 40_000)
    reading = bench.board.read_adc(0, samples=10)
    assert (reading.mean, reading.least, reading.greatest) == (40_000, 40_000, 40_000)
    assert reading.voltage_v == pytest.approx(12.0)


FULL_DUTY = round(2.1 / 3.3 * 65535)


def test_an_output_starts_at_its_declared_safe_voltage_and_goes_back_there(bench: Bench) -> None:
    assert bench.outside.duties[PWM] == FULL_DUTY
    bench.board.write_analog(1, 1.0)
    bench.board.disarm()
    assert bench.outside.duties[20] == FULL_DUTY


def test_a_trip_makes_the_safe_voltage_by_the_calibration(bench: Bench) -> None:
    bench.board.calibrate_analog(0, [(0, 0.0), (65535, 4.2)])
    bench.board.calibrate_analog(1, [(1000, 0.5), (60000, 2.0)])
    bench.board.write_analog(0, 1.0)
    bench.board.write_analog(1, 1.0)
    bench.board.arm(50)
    bench.wait_ms(100)
    assert bench.outside.duties[PWM] == 32768
    assert bench.outside.duties[20] == 60000, "the nearest that it can make"


def test_unknown_channels_are_refused(bench: Bench) -> None:
    for call in (lambda: bench.board.write_analog(2, 1.0), lambda: bench.board.read_adc(2)):
        with pytest.raises(RequestRefused, match="2 channels"):
            call()
    with pytest.raises(RequestRefused, match="1 to 1000"):
        bench.board.read_adc(0, samples=0)
