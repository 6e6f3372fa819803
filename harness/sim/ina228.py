"""
The INA228 power monitor, register by register.

Sources: Texas Instruments, INA228 datasheet (SLYS021), sections 7.6.1 (registers) and 8.1.2 (calibration).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ._diag_alert_chip import CURRENT, DEVICE_ID, POWER, VBUS, VSHUNT, DiagAlertChip

_ENERGY, _CHARGE = 0x09, 0x0A


class INA228(DiagAlertChip):
    """
    The twin of an INA228: results of 20 bits in registers of 24.
    """

    bits, void_bits = 20, 4
    bus_lsb_v, shunt_lsb_v = 195.3125e-6, 312.5e-9
    power_divisor = 16384  # 3.2 W per ampere of the LSB: 3.2 / 195.3125e-6
    widths: ClassVar[Mapping[int, int]] = {VSHUNT: 3, VBUS: 3, CURRENT: 3, POWER: 3, _ENERGY: 5, _CHARGE: 5}
    power_on: ClassVar[Mapping[int, int]] = {**DiagAlertChip.power_on, DEVICE_ID: 0x2281}
