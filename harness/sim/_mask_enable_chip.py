"""
The twins of the chips with a Mask/Enable register and one alert limit: INA226 and INA260.

Sources: Texas Instruments, datasheets INA226 (SBOS547B, 7.6) and INA260 (SBOS656C, 8.6).
"""

from __future__ import annotations

from ..clock import now_ns
from ._cycle import Cycle, shunt_and_bus
from ._monitor_chip import MonitorChip, signed

CONFIGURATION, SHUNT, BUS, POWER = 0x00, 0x01, 0x02, 0x03
MASK_ENABLE, ALERT_LIMIT = 0x06, 0x07
MANUFACTURER_ID, DIE_ID = 0xFE, 0xFF

RST = 0x8000
BUS_LSB_V = 1.25e-3

# Mask/Enable register (06h): the alert functions, and the flags.
_SOL, _SUL, _BOL, _BUL, _POL = (1 << bit for bit in (15, 14, 13, 12, 11))
_AFF, _CVRF, _OVF = 1 << 4, 1 << 3, 1 << 2


class MaskEnableChip(MonitorChip):
    """
    Shunt, then bus; conversion ready is cleared by reading Mask/Enable, or by a new configuration.
    """

    def _cycle(self) -> Cycle:
        return shunt_and_bus(self._registers[CONFIGURATION], self._clock)

    def _was_read(self, register: int) -> None:
        if register == MASK_ENABLE:
            self._registers[MASK_ENABLE] &= ~_CVRF

    def _was_written(self, register: int, value: int, before: int) -> None:
        if register != CONFIGURATION:
            return
        if value & RST:
            self._power_on(now_ns())
            return
        # A write to the configuration starts anew, and clears the conversion ready flag, but for a power-down.
        self._start(now_ns())
        if value & 0b011:
            self._registers[MASK_ENABLE] &= ~_CVRF

    def _flag(self, overflows: bool) -> None:
        """
        Says that a conversion is ready, and what it tells.
        """
        flags = self._registers[MASK_ENABLE] & ~(_AFF | _OVF) | _CVRF
        self._registers[MASK_ENABLE] = flags | (_OVF if overflows else 0) | (_AFF if self._alerts() else 0)

    def _alerts(self) -> bool:
        """
        Whether the enabled alert function (the highest bit wins) is past its limit.
        """
        mask, limit = self._registers[MASK_ENABLE], self._registers[ALERT_LIMIT]
        shunt, bus, power = signed(self._registers[SHUNT]), self._registers[BUS], self._registers[POWER]
        tests = (
            (_SOL, shunt > signed(limit)),
            (_SUL, shunt < signed(limit)),
            (_BOL, bus > limit),
            (_BUL, bus < limit),
            (_POL, power > limit),
        )
        return next((past for function, past in tests if mask & function), False)
