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


def test_safety_takes_the_voltage_away(bench: Bench) -> None:
    bench.board.write_analog(1, 2.0)
    bench.board.disarm()
    assert bench.outside.duties[20] == 0


def test_unknown_channels_are_refused(bench: Bench) -> None:
    for call in (lambda: bench.board.write_analog(2, 1.0), lambda: bench.board.read_adc(2)):
        with pytest.raises(RequestRefused, match="2 channels"):
            call()
    with pytest.raises(RequestRefused, match="1 to 1000"):
        bench.board.read_adc(0, samples=0)
