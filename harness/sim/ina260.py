"""
The INA260 power monitor, register by register; its shunt is inside, and trimmed.

Sources: Texas Instruments, INA260 datasheet (SBOS656C), sections 8.4 (functional modes) and 8.6 (register maps).
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

_CURRENT = SHUNT  # the current is where the others have their shunt's voltage
_CURRENT_LSB_A, _POWER_LSB_W = 1.25e-3, 10e-3
_POWER_MAX_W = 419.43  # Mask/Enable, OVF


class INA260(MaskEnableChip):
    """
    The twin of an INA260.
    """

    power_on: ClassVar[Mapping[int, int]] = {
        CONFIGURATION: 0x6127,
        _CURRENT: 0,
        BUS: 0,
        POWER: 0,
        MANUFACTURER_ID: 0x5449,
        DIE_ID: 0x2270,
    }
    writable: ClassVar[Mapping[int, int]] = {CONFIGURATION: 0x8FFF, MASK_ENABLE: 0xFC03, ALERT_LIMIT: 0xFFFF}

    def _store(self, slot: Slot, value: float) -> None:
        if slot.is_bus:
            self._registers[BUS] = max(0, clipped(value / BUS_LSB_V, 16))
        else:
            self._registers[_CURRENT] = clipped(value / _CURRENT_LSB_A, 16) & 0xFFFF

    def _conclude(self) -> None:
        power_w = abs(signed(self._registers[_CURRENT])) * _CURRENT_LSB_A * self._registers[BUS] * BUS_LSB_V
        power = int(power_w / _POWER_LSB_W)
        self._registers[POWER] = power & 0xFFFF
        self._flag(overflows=power_w > _POWER_MAX_W)
