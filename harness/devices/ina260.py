"""
The INA260 power monitor, which has its shunt inside.

Sources: Texas Instruments, INA260 datasheet (SBOS656C), sections 7.5 (electrical characteristics) and 8.6 (registers).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..model.trace import Scale
from ..protocols import Wiring
from ._ina_checks import check_place
from ._ina_timing import check_average, pair_s, timing_bits
from ._mask_enable import BUS_LSB_V, CONFIGURATION, MaskEnable
from ._monitor import I2CPlace, Setting

# Configuration (00h): bits 14 to 12 are reserved, and are 110b at power-on.
_FIXED, _OURS = 0x6000, 0x0FFF

# Current (01h), at the place where an INA226 has its shunt's voltage: amperes, by 2 mohm that are trimmed in the works.
_CURRENT_LSB_A = 1.25e-3


class INA260(MaskEnable):
    """
    Up to 36 V in steps of 1.25 mV; its register ends at ±40.96 A in steps of 1.25 mA, its package at ±15 A.

    There is nothing to calibrate, so that nothing about the current can be lost in a reset.
    """

    die = 0x2270
    math_overflow = 0  # it says that the power was out of range, which is not asked for
    config: Config

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config(I2CPlace):
        """
        Where the chip is, and how it converts.

        `conversion` is rounded to the nearest time the chip knows; `average` conversions make one reading.
        """

        conversion_s: float = 1.1e-3
        average: int = 1

        def __post_init__(self) -> None:
            check_place("INA260", self.bus, self.address)
            check_average(self.average)

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        scale = Scale(BUS_LSB_V, _CURRENT_LSB_A)
        super().__init__(name, config, wiring, scale=scale, conversion_s=pair_s(config.conversion_s, config.average))

    def _settings(self) -> Sequence[Setting]:
        timing = timing_bits(self.config.conversion_s, self.config.average)
        return Setting(CONFIGURATION, _FIXED | timing, kept=_OURS), self.MARK
