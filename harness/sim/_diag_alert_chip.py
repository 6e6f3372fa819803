"""
The twins of the INA228 family. The energy and charge that an INA228 gathers are not played: no driver asks for them.

Sources: Texas Instruments, datasheets INA228 (SLYS021) and INA237 (SBOSA20A), sections 7.4 (functional modes), 7.6.1
(registers) and 8.1.2 (calibration); e2e.ti.com, thread 1391284 (CNVRF without ALATCH is gone before it can be read).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ..clock import now_ns
from ._cycle import AVERAGES, Cycle, Slot
from ._monitor_chip import MonitorChip, clipped, signed

CONFIG, ADC_CONFIG, SHUNT_CAL = 0x00, 0x01, 0x02
VSHUNT, VBUS, DIETEMP, CURRENT, POWER, DIAG_ALRT = 0x04, 0x05, 0x06, 0x07, 0x08, 0x0B
MANUFACTURER_ID, DEVICE_ID = 0x3E, 0x3F

_RST, ADCRANGE = 1 << 15, 1 << 4
_ALATCH, _MATHOF, _CNVRF = 1 << 15, 1 << 9, 1 << 1
_CONVERSIONS_NS = (50_000, 84_000, 150_000, 280_000, 540_000, 1_052_000, 2_074_000, 4_120_000)

# What SHUNT_CAL is when the greatest current is a full range: then current and shunt have the same number.
_FULL_RANGE = 4096
# 25 °C, by 7.8125 m°C.
_WARM = 0x0C80
# The die's temperature, which is converted and not kept up.
_TEMPERATURE = -1


class DiagAlertChip(MonitorChip):
    """
    Shunt, bus and temperature, as far as they are asked for; with ALATCH conversion ready stays up until it is read.
    """

    bits: int
    """How many bits a result has."""

    void_bits = 0
    """How many void bits follow a result in its register."""

    bus_lsb_v: float
    shunt_lsb_v: float
    power_divisor: int
    """By what the product of bus and current is divided to be a power."""

    power_on: ClassVar[Mapping[int, int]] = {
        ADC_CONFIG: 0xFB68,
        SHUNT_CAL: 0x1000,
        DIETEMP: _WARM,
        DIAG_ALRT: 0x0001,
        MANUFACTURER_ID: 0x5449,
    }
    writable: ClassVar[Mapping[int, int]] = {CONFIG: 0xFFF0, ADC_CONFIG: 0xFFFF, SHUNT_CAL: 0x7FFF, DIAG_ALRT: 0xF000}
    calibration = SHUNT_CAL

    def _cycle(self) -> Cycle:
        configuration = self._registers[ADC_CONFIG]
        mode = configuration >> 12
        asked = ((0b0010, 0, False, 6), (0b0001, 0, True, 9), (0b0100, _TEMPERATURE, True, 3))
        slots = [
            Slot(channel, is_bus, round(_CONVERSIONS_NS[configuration >> place & 0b111] * self._clock))
            for bit, channel, is_bus, place in asked
            if mode & bit
        ]
        return Cycle(slots, AVERAGES[configuration & 0b111], not mode & 0b1000)

    def _was_read(self, register: int) -> None:
        if register == DIAG_ALRT:
            self._registers[DIAG_ALRT] &= ~_CNVRF

    def _was_written(self, register: int, value: int, before: int) -> None:
        if register == CONFIG and value & _RST:
            self._power_on(now_ns())
        elif register in (CONFIG, ADC_CONFIG):
            self._start(now_ns())
            # "Must be manually cleared by triggering another conversion."
            self._registers[DIAG_ALRT] &= ~(_CNVRF | _MATHOF)

    def _store(self, slot: Slot, value: float) -> None:
        if slot.channel == _TEMPERATURE:
            return
        if slot.is_bus:
            self._put(VBUS, max(0, clipped(value / self.bus_lsb_v, self.bits)))
        else:
            lsb_v = self.shunt_lsb_v / 4 if self._registers[CONFIG] & ADCRANGE else self.shunt_lsb_v
            self._put(VSHUNT, clipped(value * self.spec.shunt_ohm / lsb_v, self.bits))

    def _conclude(self) -> None:
        calibration = self._registers[SHUNT_CAL]
        current = self._value(VSHUNT) * _FULL_RANGE // calibration if calibration else 0
        power = abs(current) * self._value(VBUS) // self.power_divisor
        self._put(CURRENT, current)
        self._registers[POWER] = power & 0xFFFFFF
        overflows = clipped(current, self.bits) != current or power > 0xFFFFFF
        flags = self._registers[DIAG_ALRT] | (_MATHOF if overflows else 0)
        self._registers[DIAG_ALRT] = flags | (_CNVRF if flags & _ALATCH else 0)

    def _put(self, register: int, value: int) -> None:
        self._registers[register] = (value & (1 << self.bits) - 1) << self.void_bits

    def _value(self, register: int) -> int:
        return signed(self._registers.get(register, 0) >> self.void_bits, self.bits)
