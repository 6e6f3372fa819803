"""
The INA226 power monitor, register by register.

Sources: Texas Instruments, INA226 datasheet (SBOS547B), sections 6.5 (electrical characteristics), 7.4 (functional
modes) and 7.6 (register maps).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ._cycle import Slot
from ._mask_enable_chip import (
    ALERT_LIMIT,
    BUS,
    BUS_LSB_V,
    CONFIGURATION,
    DIE_ID,
    MANUFACTURER_ID,
    MASK_ENABLE,
    POWER,
    SHUNT,
    MaskEnableChip,
)
from ._monitor_chip import clipped, signed

__all__ = ["ALERT_LIMIT", "BUS", "CALIBRATION", "CONFIGURATION", "CURRENT", "INA226", "MASK_ENABLE", "POWER", "SHUNT"]

CURRENT, CALIBRATION = 0x04, 0x05

_SHUNT_LSB_V = 2.5e-6


class INA226(MaskEnableChip):
    """
    The twin of an INA226.
    """

    power_on: ClassVar[Mapping[int, int]] = {
        CONFIGURATION: 0x4127,
        SHUNT: 0,
        BUS: 0,
        POWER: 0,
        CURRENT: 0,
        MANUFACTURER_ID: 0x5449,
        DIE_ID: 0x2260,
    }
    writable: ClassVar[Mapping[int, int]] = {
        CONFIGURATION: 0xFFFF,
        CALIBRATION: 0x7FFF,
        MASK_ENABLE: 0xFC03,
        ALERT_LIMIT: 0xFFFF,
    }
    calibration = CALIBRATION

    def _store(self, slot: Slot, value: float) -> None:
        if slot.is_bus:
            self._registers[BUS] = max(0, clipped(value / BUS_LSB_V, 16))
        else:
            self._registers[SHUNT] = clipped(value * self.spec.shunt_ohm / _SHUNT_LSB_V, 16) & 0xFFFF

    def _conclude(self) -> None:
        registers = self._registers
        # Equations 3 and 4.
        current = signed(registers[SHUNT]) * registers[CALIBRATION] // 2048
        power = abs(current) * registers[BUS] // 20_000
        registers[CURRENT], registers[POWER] = current & 0xFFFF, power & 0xFFFF
        self._flag(overflows=not -0x8000 <= current <= 0x7FFF or power > 0xFFFF)
