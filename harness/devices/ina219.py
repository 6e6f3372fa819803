"""
The INA219 power monitor, the one of most breakouts.

Sources: Texas Instruments, INA219 datasheet (SBOS448G), sections 7.5 (electrical characteristics), 8.5.1 (calibration)
and 8.6 (registers).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..model.trace import Scale
from ..protocols import Wiring
from ._ina_checks import check_current, check_place, check_shunt
from ._ina_timing import check_average, nearest
from ._monitor import OK, OVERFLOW, RESET, I2CPlace, Monitor, Setting, Taken

_CONFIGURATION, _SHUNT, _BUS, _POWER, _CALIBRATION = 0x00, 0x01, 0x02, 0x03, 0x05

# Configuration (00h): reset, its content after one, 32 V, both inputs continuously.
_RST, _POWER_ON = 0x8000, 0x399F
_32V, _CONTINUOUS = 1 << 13, 0b111
_GAINS = (1, 2, 4, 8)

# The ADCs' codes (tables 4 and 5): 9 to 12 bits, or so many 12-bit samples averaged from code 8 on.
_CONVERSIONS_S = (84e-6, 148e-6, 276e-6, 532e-6)
_AVERAGES = (1, 2, 4, 8, 16, 32, 64, 128)
_AVERAGED_S = (532e-6, 1.06e-3, 2.13e-3, 4.26e-3, 8.51e-3, 17.02e-3, 34.05e-3, 68.1e-3)
_TWELVE_BITS = 3
# Section 7.5: 9 bits in 84 µs, or 93 µs at most; the others are less far off.
_SLOWEST = 93 / 84

# Bus voltage (02h): thirteen bits, then conversion ready, which reading the power (03h) clears, and math overflow.
_CNVR, _OVF = 1 << 1, 1 << 0
_BUS_LSB_V, _BUS_END = 4e-3, 8000

_SHUNT_LSB_V, _RANGE_V, _RANGE_END = 10e-6, 0.04, 4000

# Equations 1 and 2: calibration = 0.04096 / (LSB x R), with an LSB that is a 32768th of the greatest current; its bit
# 0 is void.
_CALIBRATED_V = 0.04096 * 32768
_CALIBRATION_MAX = 0xFFFE


class INA219(Monitor):
    """
    Up to 26 V in steps of 4 mV; ±40 mV times the gain over the shunt in steps of 10 µV.

    It has no identity, so it is known by what a reset leaves in it. Its power register does three things at once: it
    clears conversion ready, and a power that is not 0 proves that the calibration was not lost.
    """

    config: Config

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config(I2CPlace):
        """
        Where the chip is, its shunt, and how it converts.

        `pga` is the divider before the ADC, and stays as it is: ±40 mV times 1, 2, 4 or 8. `conversion` is rounded to
        the nearest time the chip knows (more bits take longer); only the longest can be averaged. Without a
        `max_current` it is what the range allows.
        """

        shunt_ohm: float = 0.1
        max_current_a: float | None = None
        pga: int = 8
        conversion_s: float = 532e-6
        average: int = 1

        def __post_init__(self) -> None:
            check_place("INA219", self.bus, self.address)
            check_shunt(self.shunt_ohm)
            if self.pga not in _GAINS:
                raise ValueError("pga must be one of 1, 2, 4, 8")
            check_average(self.average, _AVERAGES)
            if self.average > 1 and nearest(self.conversion_s, _CONVERSIONS_S) != _TWELVE_BITS:
                raise ValueError('only 12-bit conversions are averaged; write conversion = "532 us", or average = 1')
            least_v = _CALIBRATED_V / _CALIBRATION_MAX
            check_current(self.max_current_a, self.shunt_ohm, _RANGE_V * self.pga, least_v)

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        samples = _AVERAGES.index(config.average)
        bits = nearest(config.conversion_s, _CONVERSIONS_S)
        self._adc = 8 | samples if samples else bits
        conversion_s = _AVERAGED_S[samples] if samples else _CONVERSIONS_S[bits]
        self._end = _RANGE_END * config.pga
        scale = Scale(_BUS_LSB_V, _SHUNT_LSB_V / config.shunt_ohm)
        super().__init__(name, config, wiring, scale=scale, conversion_s=2 * conversion_s, slowest=_SLOWEST)

    def _identify(self) -> None:
        self._put(_CONFIGURATION, _RST)
        found = self._get(_CONFIGURATION)
        if found != _POWER_ON:
            raise self._refuse(f"after a reset its configuration is {found:#06x}, not {_POWER_ON:#06x}")

    def _settings(self) -> Sequence[Setting]:
        config = self.config
        max_v = config.max_current_a * config.shunt_ohm if config.max_current_a else _RANGE_V * config.pga
        calibration = min(_CALIBRATION_MAX, int(_CALIBRATED_V / max_v) & ~1)
        gain = _GAINS.index(config.pga)
        configuration = _32V | gain << 11 | self._adc << 7 | self._adc << 3 | _CONTINUOUS
        return Setting(_CONFIGURATION, configuration), Setting(_CALIBRATION, calibration)

    def _set_up(self) -> None:
        super()._set_up()
        self._get(_POWER)  # what was ready until now was converted as someone else wanted it

    def _take(self) -> Taken | None:
        bus = self._get(_BUS)
        if not bus & _CNVR:
            return None
        shunt, power = self._get_signed(_SHUNT), self._get(_POWER)
        if not power and not self._get(_CALIBRATION):
            return RESET
        steps = bus >> 3
        if bus & _OVF or steps >= _BUS_END or not -self._end < shunt < self._end:
            return OVERFLOW
        return steps, shunt, OK
