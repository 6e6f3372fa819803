"""
The gauges, read as the drivers of the DUT read them: with the arithmetic of Linux, or of the HATs' own scripts.
"""

from __future__ import annotations

import pytest

from harness.board.answers import Chip, GaugeFault
from harness.board.failures import RequestRefused

from .conftest import Bench

TRUE = {"level_percent": 42.5, "voltage_v": 3.7, "current_a": -0.5, "temperature_c": 31.4}


def be(bench: Bench, address: int, register: int) -> int:
    data = bench.outside.i2c(address, bytes([register]), 2)
    assert data is not None
    return int.from_bytes(data, "big")


def le(bench: Bench, address: int, register: int) -> int:
    data = bench.outside.i2c(address, bytes([register]), 2)
    assert data is not None
    return int.from_bytes(data, "little")


def signed(word: int) -> int:
    return word - 65536 if word & 0x8000 else word


def settle(bench: Bench) -> None:
    """
    One pass of the firmware's main loop.
    """
    bench.wait_ms(5)


@pytest.fixture
def true(bench: Bench) -> Bench:
    bench.board.set_gauge(**TRUE)
    return bench


def test_max17048(true: Bench) -> None:
    true.board.start_gauge(Chip.MAX17048)
    assert be(true, 0x36, 0x02) * 78.125e-6 == pytest.approx(3.7, abs=1e-4)
    assert be(true, 0x36, 0x04) / 256 == pytest.approx(42.5, abs=0.01)
    assert be(true, 0x36, 0x08) & 0xFFF0 == 0x0010
    assert signed(be(true, 0x36, 0x16)) * 0.208 == pytest.approx(-25, abs=0.3)
    assert be(true, 0x36, 0x1A) & 0x0100, "the reset indicator"
    true.outside.i2c(0x36, b"\x1a\x00\x00")
    settle(true)
    assert be(true, 0x36, 0x1A) == 0
    true.outside.i2c(0x36, b"\xfe\x54\x00")
    assert be(true, 0x36, 0x1A) & 0x0100
    true.outside.i2c(0x36, b"\x06\x40\x00")
    assert be(true, 0x36, 0x06) == 0, "quick-start clears itself"


def test_max17040(true: Bench) -> None:
    true.board.start_gauge(Chip.MAX17040)
    assert (be(true, 0x36, 0x02) >> 4) * 1.25e-3 == pytest.approx(3.7, abs=1.3e-3)
    assert be(true, 0x36, 0x04) >> 8 == 42
    true.outside.i2c(0x36, b"\xfe\x00\x54")
    assert be(true, 0x36, 0x0C) == 0x971C


def test_bq27441(true: Bench) -> None:
    true.board.start_gauge(Chip.BQ27441)
    assert le(true, 0x55, 0x02) == 3045
    assert le(true, 0x55, 0x04) == 3700
    assert le(true, 0x55, 0x0C) == 850
    assert signed(le(true, 0x55, 0x10)) == -500
    assert signed(le(true, 0x55, 0x18)) == -1850
    assert le(true, 0x55, 0x1C) == 42
    assert le(true, 0x55, 0x06) & 1, "it discharges"
    for command, answer in ((0x0001, 0x0421), (0x0002, 0x0109), (0x0000, 0x2080)):
        true.outside.i2c(0x55, b"\x00" + command.to_bytes(2, "little"))
        assert le(true, 0x55, 0x00) == answer
    true.board.set_gauge(level_percent=5, voltage_v=3.4, current_a=-0.1)
    assert le(true, 0x55, 0x06) & 0b110 == 0b100
    true.board.set_gauge(level_percent=100, voltage_v=4.2)
    assert le(true, 0x55, 0x06) & (1 << 9 | 1) == 1 << 9


def test_pisugar3(true: Bench) -> None:
    true.board.start_gauge(Chip.PISUGAR3)
    assert true.outside.i2c(0x57, b"\x2a", 1) == bytes([42])
    assert be(true, 0x57, 0x22) == 3700
    assert be(true, 0x57, 0x26) == 500
    assert true.outside.i2c(0x57, b"\x04", 1) == bytes([31 + 40])
    assert true.outside.i2c(0x57, b"\x02", 1) == bytes([0b0110_0000])
    true.board.set_gauge(level_percent=42.5, voltage_v=3.7, current_a=0.2)
    assert true.outside.i2c(0x57, b"\x02", 1) == bytes([0b1110_0000])


def test_ina219_as_the_ups_hats_script_reads_it(true: Bench) -> None:
    true.board.start_gauge(Chip.INA219, address=0x42)
    assert be(true, 0x42, 0) == 0x399F
    assert be(true, 0x42, 4) == 0, "no current before calibration"
    true.outside.i2c(0x42, b"\x05\x10\x00")
    true.outside.i2c(0x42, b"\x00\x3e\xef")
    settle(true)
    assert (be(true, 0x42, 2) >> 3) * 4 == 3700
    assert signed(be(true, 0x42, 1)) * 0.01 == pytest.approx(-50)
    assert signed(be(true, 0x42, 4)) * 0.1 == pytest.approx(-500, abs=0.2)
    assert be(true, 0x42, 3) * 2 == pytest.approx(1850, abs=2)
    assert be(true, 0x42, 0) == 0x3EEF
    true.outside.i2c(0x42, b"\x00\x80\x00")
    settle(true)
    assert (be(true, 0x42, 0), be(true, 0x42, 5), be(true, 0x42, 4)) == (0x399F, 0, 0)


def test_word_registers_keep_their_pointer(true: Bench) -> None:
    true.board.start_gauge(Chip.INA219)
    first = be(true, 0x43, 2)
    assert true.outside.i2c(0x43, b"", 2) == first.to_bytes(2, "big")


def test_sbs(true: Bench) -> None:
    true.board.start_gauge(Chip.SBS)
    assert le(true, 0x0B, 0x08) == 3045
    assert le(true, 0x0B, 0x09) == 3700
    assert signed(le(true, 0x0B, 0x0A)) == -500
    assert le(true, 0x0B, 0x0D) == 42
    assert le(true, 0x0B, 0x0F) == 850
    assert (le(true, 0x0B, 0x12), le(true, 0x0B, 0x13)) == (102, 65535)
    assert le(true, 0x0B, 0x16) == 0xC0
    assert true.outside.i2c(0x0B, b"\x20", 12) == b"\x0acrashbench\xff"
    true.board.set_gauge(level_percent=100, voltage_v=4.2)
    assert le(true, 0x0B, 0x16) == 0xA0
    assert le(true, 0x0B, 0x12) == 65535


def test_every_percent_of_a_drain_arrives(bench: Bench) -> None:
    bench.board.start_gauge(Chip.MAX17048)
    seen = []
    for percent in range(100, 9, -1):
        bench.board.set_gauge(level_percent=percent, voltage_v=3.2 + percent / 100)
        bench.wait_ms(30_000)
        seen.append(be(bench, 0x36, 0x04) // 256)
    assert seen == list(range(100, 9, -1))


def test_stuck(true: Bench) -> None:
    true.board.start_gauge(Chip.MAX17048)
    true.board.fault_gauge(GaugeFault.STUCK)
    true.board.set_gauge(level_percent=5, voltage_v=3.1)
    settle(true)
    assert be(true, 0x36, 0x04) / 256 == pytest.approx(42.5, abs=0.01)
    true.board.fault_gauge(GaugeFault.NONE)
    assert be(true, 0x36, 0x04) >> 8 == 5


def test_jump(true: Bench) -> None:
    true.board.start_gauge(Chip.BQ27441)
    true.board.fault_gauge(GaugeFault.JUMP, level_percent=-30, voltage_v=-0.4)
    assert (le(true, 0x55, 0x1C), le(true, 0x55, 0x04)) == (12, 3300)
    true.board.fault_gauge(GaugeFault.JUMP, level_percent=80)
    assert le(true, 0x55, 0x1C) == 100
    assert true.board.gauge().level_percent == 100


def test_drift(true: Bench) -> None:
    true.board.start_gauge(Chip.BQ27441)
    true.board.fault_gauge(GaugeFault.DRIFT, level_percent=-2, voltage_v=-0.01)
    true.wait_ms(10 * 60_000)
    assert (le(true, 0x55, 0x1C), le(true, 0x55, 0x04)) == (22, 3600)
    true.board.fault_gauge(GaugeFault.NONE)
    assert le(true, 0x55, 0x1C) == 42


def test_garbage_is_seeded_and_ends(true: Bench) -> None:
    true.board.start_gauge(Chip.MAX17048)
    true.board.fault_gauge(GaugeFault.GARBAGE, seed=3)
    first = true.board.peek_gauge(0, 200)
    true.wait_ms(2_000)
    assert true.board.peek_gauge(0, 200) != first
    true.board.fault_gauge(GaugeFault.GARBAGE, seed=3)
    assert true.board.peek_gauge(0, 200) == first
    true.board.fault_gauge(GaugeFault.NONE)
    assert be(true, 0x36, 0x04) >> 8 == 42
    assert be(true, 0x36, 0x18) == 0x9600


def test_nack_silences_the_address(true: Bench) -> None:
    true.board.start_gauge(Chip.MAX17048)
    true.board.fault_gauge(GaugeFault.NACK)
    assert true.outside.i2c(0x36, b"\x04", 2) is None
    true.board.fault_gauge(GaugeFault.NONE)
    assert be(true, 0x36, 0x04) >> 8 == 42


def test_what_the_hardware_cannot_do_is_refused(true: Bench) -> None:
    true.board.start_gauge(Chip.MAX17048)
    with pytest.raises(RequestRefused, match="acknowledges every data byte"):
        true.board.fault_gauge(GaugeFault.NACK_DATA)


def test_a_fault_needs_a_gauge(bench: Bench) -> None:
    with pytest.raises(RequestRefused, match="no gauge is started"):
        bench.board.fault_gauge(GaugeFault.STUCK)


def test_one_gauge_at_a_time(true: Bench) -> None:
    true.board.start_gauge(Chip.MAX17048)
    true.board.start_gauge(Chip.BQ27441)
    assert true.outside.i2c(0x36, b"\x04", 2) is None
    true.board.stop_gauge()
    assert true.outside.i2c(0x55, b"\x04", 2) is None
    assert true.board.gauge().chip is None


def test_reads_of_the_dut_are_counted(true: Bench) -> None:
    true.board.start_gauge(Chip.MAX17048)
    for _ in range(3):
        be(true, 0x36, 0x04)
    reading = true.board.gauge()
    assert (reading.reads, reading.chip, reading.address) == (3, Chip.MAX17048, 0x36)


def test_the_dead_man_ends_the_lies(true: Bench) -> None:
    true.board.start_gauge(Chip.MAX17048)
    true.board.arm(100)
    true.board.set_gauge(level_percent=3, voltage_v=3.0)
    true.board.fault_gauge(GaugeFault.NACK)
    true.wait_ms(200)
    assert be(true, 0x36, 0x04) >> 8 == 100
    assert true.board.gauge().fault is GaugeFault.NONE


@pytest.mark.parametrize("address", [0x07, 0x78])
def test_reserved_addresses_are_refused(bench: Bench, address: int) -> None:
    with pytest.raises(RequestRefused, match="an address is"):
        bench.board.start_gauge(Chip.MAX17048, address)


def test_a_level_above_100_percent_is_refused(bench: Bench) -> None:
    with pytest.raises(RequestRefused, match="a level is 0 to 10000"):
        bench.board.set_gauge(level_percent=100.01, voltage_v=4)
