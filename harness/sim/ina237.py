"""
The INA237 power monitor, register by register.

Sources: Texas Instruments, INA237 datasheet (SBOSA20A), sections 7.6.1 (registers) and 8.1.2 (calibration).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ._diag_alert_chip import POWER, DiagAlertChip


class INA237(DiagAlertChip):
    """
    The twin of an INA237: results of 16 bits. Its datasheet gives it no device number; here it reads as 0.
    """

    bits = 16
    bus_lsb_v, shunt_lsb_v = 3.125e-3, 5e-6
    power_divisor = 64  # 0.2 W per ampere of the LSB: 0.2 / 3.125e-3
    widths: ClassVar[Mapping[int, int]] = {POWER: 3}
