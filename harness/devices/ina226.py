"""
The INA226 power monitor: a rail's voltage and current over I2C.

Sources: Texas Instruments, INA226 datasheet (SBOS547B), section 6.5 (electrical characteristics) and 7.6 (registers).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..model.trace import Scale
from ..protocols import Wiring
from ._ina_checks import check_current, check_place, check_shunt
from ._ina_timing import check_average, pair_s, timing_bits
from ._mask_enable import BUS_LSB_V, CONFIGURATION, MaskEnable
from ._monitor import I2CPlace, Setting

_CALIBRATION, _CALIBRATION_MAX = 0x05, 0x7FFF
_FIXED = 0x4000  # bit 14 of the configuration reads as 1

_SHUNT_LSB_V, _SHUNT_MAX_V = 2.5e-6, 0.08192

# Equations 1 and 2: calibration = 0.00512 / (LSB x R), with an LSB that is a 32768th of the greatest current.
_CALIBRATED_V = 0.00512 * 32768


class INA226(MaskEnable):
    """
    Up to 36 V in steps of 1.25 mV; ±81.92 mV over the shunt in steps of 2.5 µV.
    """

    die = 0x2260
    config: Config

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config(I2CPlace):
        """
        Where the chip is, its shunt, and how it converts.

        `conversion` is rounded to the nearest time the chip knows; `average` conversions make one reading. Without a
        `max_current` it is what the chip's ±81.92 mV allow.
        """

        shunt_ohm: float = 0.1
        max_current_a: float | None = None
        conversion_s: float = 1.1e-3
        average: int = 1

        def __post_init__(self) -> None:
            check_place("INA226", self.bus, self.address)
            check_shunt(self.shunt_ohm)
            check_average(self.average)
            check_current(self.max_current_a, self.shunt_ohm, _SHUNT_MAX_V, _CALIBRATED_V / _CALIBRATION_MAX)

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        scale = Scale(BUS_LSB_V, _SHUNT_LSB_V / config.shunt_ohm)
        super().__init__(name, config, wiring, scale=scale, conversion_s=pair_s(config.conversion_s, config.average))

    def _settings(self) -> Sequence[Setting]:
        config = self.config
        max_v = config.max_current_a * config.shunt_ohm if config.max_current_a else _SHUNT_MAX_V
        calibration = min(_CALIBRATION_MAX, int(_CALIBRATED_V / max_v))
        return (
            Setting(CONFIGURATION, _FIXED | timing_bits(config.conversion_s, config.average)),
            Setting(_CALIBRATION, calibration),
            self.MARK,
        )
