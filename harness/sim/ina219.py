"""
The INA219 power monitor, register by register.

Sources: Texas Instruments, INA219 datasheet (SBOS448G), sections 7.5 (electrical characteristics), 8.5.1 (calibration)
and 8.6 (register maps).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ..clock import now_ns
from ._cycle import Cycle, Slot
from ._monitor_chip import MonitorChip, clipped, signed

CONFIGURATION, SHUNT, BUS, POWER, CURRENT, CALIBRATION = range(6)

_RST, _32V = 0x8000, 1 << 13
_CNVR, _OVF = 1 << 1, 1 << 0

# The ADC's codes (table 5), in nanoseconds: bits without averaging, then samples of 12 bits; bit 2 is void below 8.
_BITS_NS = (84_000, 148_000, 276_000, 532_000)
_SAMPLES_NS = (532_000, 1_060_000, 2_130_000, 4_260_000, 8_510_000, 17_020_000, 34_050_000, 68_100_000)

_BUS_LSB_V, _BUS_END = 4e-3, 4000  # 16 V; twice as much at the 32 V range
_SHUNT_LSB_V, _SHUNT_END = 10e-6, 4000  # ±40 mV; times the gain


class INA219(MonitorChip):
    """
    The twin of an INA219.
    """

    supply_min_v = 3.0
    power_on: ClassVar[Mapping[int, int]] = {
        CONFIGURATION: 0x399F,
        SHUNT: 0,
        BUS: 0,
        POWER: 0,
        CURRENT: 0,
        CALIBRATION: 0,
    }
    writable: ClassVar[Mapping[int, int]] = {CONFIGURATION: 0xBFFF, CALIBRATION: 0xFFFE}
    calibration = CALIBRATION

    def _cycle(self) -> Cycle:
        configuration = self._registers[CONFIGURATION]
        mode = configuration & 0b111
        slots = []
        if mode & 0b001:
            slots.append(Slot(0, False, self._length_ns(configuration >> 3)))
        if mode & 0b010:
            slots.append(Slot(0, True, self._length_ns(configuration >> 7)))
        # Mode 4 switches the ADC off.
        return Cycle(slots, is_triggered=not mode & 0b100)

    def _length_ns(self, code: int) -> int:
        length_ns = _SAMPLES_NS[code & 0b111] if code & 0b1000 else _BITS_NS[code & 0b011]
        return round(length_ns * self._clock)

    def _was_read(self, register: int) -> None:
        if register == POWER:
            self._registers[BUS] &= ~_CNVR

    def _was_written(self, register: int, value: int, before: int) -> None:
        if register != CONFIGURATION:
            return
        if value & _RST:
            self._power_on(now_ns())
            return
        self._start(now_ns())
        # "Writing a new mode", but for the two that switch the ADC off.
        if value & 0b011 and (value ^ before) & 0b111:
            self._registers[BUS] &= ~_CNVR

    def _store(self, slot: Slot, value: float) -> None:
        configuration = self._registers[CONFIGURATION]
        if slot.is_bus:
            end = 2 * _BUS_END if configuration & _32V else _BUS_END
            bus = max(0, min(end, round(value / _BUS_LSB_V)))
            self._registers[BUS] = bus << 3 | self._registers[BUS] & 0b111
        else:
            end = _SHUNT_END << (configuration >> 11 & 0b11)
            shunt = max(-end, min(end, clipped(value * self.spec.shunt_ohm / _SHUNT_LSB_V, 16)))
            self._registers[SHUNT] = shunt & 0xFFFF

    def _conclude(self) -> None:
        registers = self._registers
        # Equations 4 and 5.
        current = signed(registers[SHUNT]) * registers[CALIBRATION] // 4096
        power = abs(current) * (registers[BUS] >> 3) // 5000
        registers[CURRENT], registers[POWER] = current & 0xFFFF, power & 0xFFFF
        overflows = not -0x8000 <= current <= 0x7FFF or power > 0xFFFF
        registers[BUS] = registers[BUS] & ~_OVF | _CNVR | (_OVF if overflows else 0)
