"""
The INA3221 power monitor, register by register: three rails, one ADC.

Sources: Texas Instruments, INA3221 datasheet (SBOS576B), sections 8.4.2 (channels, averaging and conversion times) and
8.6.2 (registers).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ..clock import now_ns
from ._cycle import Cycle, Slot, shunt_and_bus
from ._monitor_chip import MonitorChip, clipped, signed

CONFIGURATION, SHUNT_SUM, MASK_ENABLE = 0x00, 0x0D, 0x0F
MANUFACTURER_ID, DIE_ID = 0xFE, 0xFF
_LIMITS = range(0x07, 0x0D)  # critical and warning, by channel
_SUM_LIMIT, _VALID_UPPER, _VALID_LOWER = 0x0E, 0x10, 0x11

_RST = 0x8000
_SCC1, _CVRF = 14, 1 << 0

# Thirteen bits with their sign, in bits 15 to 3; the sum has fifteen, in bits 15 to 1.
_BITS, _SHIFT = 13, 3
_BUS_LSB_V, _SHUNT_LSB_V = 8e-3, 40e-6


class INA3221(MonitorChip):
    """
    The twin of an INA3221. Its shunts are alike; an input without a rail reads 0. Its alerts are not played.
    """

    channels = 3
    power_on: ClassVar[Mapping[int, int]] = {
        CONFIGURATION: 0x7127,
        **dict.fromkeys(_LIMITS, 0x7FF8),
        _SUM_LIMIT: 0x7FFE,
        MASK_ENABLE: 0x0002,
        _VALID_UPPER: 0x2710,
        _VALID_LOWER: 0x2328,
        MANUFACTURER_ID: 0x5449,
        DIE_ID: 0x3220,
    }
    writable: ClassVar[Mapping[int, int]] = {
        CONFIGURATION: 0xFFFF,
        **dict.fromkeys(_LIMITS, 0xFFF8),
        _SUM_LIMIT: 0xFFFE,
        MASK_ENABLE: 0x7C00,
        _VALID_UPPER: 0xFFF8,
        _VALID_LOWER: 0xFFF8,
    }

    def _cycle(self) -> Cycle:
        configuration = self._registers[CONFIGURATION]
        enabled = tuple(channel for channel in range(3) if configuration >> (14 - channel) & 1)
        return shunt_and_bus(configuration, self._clock, enabled)

    def _was_read(self, register: int) -> None:
        if register == MASK_ENABLE:
            self._registers[MASK_ENABLE] &= ~_CVRF

    def _was_written(self, register: int, value: int, before: int) -> None:
        if register != CONFIGURATION:
            return
        if value & _RST:
            self._power_on(now_ns())
            return
        self._start(now_ns())
        if value & 0b011:
            self._registers[MASK_ENABLE] &= ~_CVRF

    def _store(self, slot: Slot, value: float) -> None:
        if slot.is_bus:
            register, code = 2 * slot.channel + 2, max(0, clipped(value / _BUS_LSB_V, _BITS))
        else:
            register, code = 2 * slot.channel + 1, clipped(value * self.spec.shunt_ohm / _SHUNT_LSB_V, _BITS)
        self._registers[register] = code << _SHIFT & 0xFFFF

    def _conclude(self) -> None:
        registers = self._registers
        summed = [channel for channel in range(3) if registers[MASK_ENABLE] >> (_SCC1 - channel) & 1]
        shunts = [signed(registers.get(2 * channel + 1, 0)) >> _SHIFT for channel in summed]
        registers[SHUNT_SUM] = sum(shunts) << 1 & 0xFFFF
        registers[MASK_ENABLE] |= _CVRF
