"""
The power monitors of the INA228 family: INA228, INA237 and INA238.

Sources: Texas Instruments, datasheets INA228 (SLYS021) and INA237 (SBOSA20A), sections 7.6.1 (registers) and 8.1.2
(calibration); e2e.ti.com, thread 1391284 (the conversion-ready flag stays up until it is read only with ALATCH set).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from ..model.trace import Scale
from ..protocols import Wiring
from ._ina_checks import check_current, check_place, check_shunt
from ._ina_timing import AVERAGES, check_average, nearest, pair_s
from ._monitor import OK, OVERFLOW, RESET, I2CPlace, Monitor, Setting, Taken

_CONFIG, _ADC_CONFIG, SHUNT_CAL, _DIAG_ALRT = 0x00, 0x01, 0x02, 0x0B
_SHUNT, _BUS, MANUFACTURER_ID, DEVICE_ID = 0x04, 0x05, 0x3E, 0x3F

# CONFIG: ADCRANGE. ADC_CONFIG: shunt and bus, continuously; the temperature is not asked for.
_ADCRANGE = 1 << 4
_SHUNT_AND_BUS = 0xB << 12
_CONVERSIONS_S = (50e-6, 84e-6, 150e-6, 280e-6, 540e-6, 1.052e-3, 2.074e-3, 4.12e-3)

# DIAG_ALRT. ALATCH is ours: it keeps CNVRF up until this register is read, and a chip that was reset has lost it.
_ALATCH, _CNVRF, _MEMSTAT = 1 << 15, 1 << 1, 1 << 0
_FLAGS = 0x0FFF

RANGES_V = (0.16384, 0.04096)

# Equations 1 and 2: 13107.2e6 x LSB x R with an LSB that is a 2^19th of the greatest current; INA237 and INA238 say
# 819.2e6 and 2^15. Either way a full range is 4096; four times as much with ADCRANGE set.
_CALIBRATION_PER_V = 13107.2e6 / 2**19
_CALIBRATION_MAX = 0x7FFF


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagAlertConfig(I2CPlace):
    """
    Where the chip is, its shunt, and how it converts.

    `adc_range` 0 is ±163.84 mV over the shunt, 1 is ±40.96 mV in steps a quarter as high. `conversion` is rounded to
    the nearest time the chip knows; `average` conversions make one reading. More than `max_current` is an overflow;
    without one it is what the range allows.
    """

    shunt_ohm: float = 0.1
    max_current_a: float | None = None
    adc_range: int = 0
    conversion_s: float = 1.052e-3
    average: int = 1

    def __post_init__(self) -> None:
        check_place("chip", self.bus, self.address)
        check_shunt(self.shunt_ohm)
        if self.adc_range not in (0, 1):
            raise ValueError("adc_range must be 0 (±163.84 mV) or 1 (±40.96 mV)")
        check_average(self.average)
        check_current(self.max_current_a, self.shunt_ohm, RANGES_V[self.adc_range])

    @property
    def max_v(self) -> float:
        """
        The voltage over the shunt (volts) at the greatest current, by their names.
        """
        return self.max_current_a * self.shunt_ohm if self.max_current_a else RANGES_V[self.adc_range]

    @property
    def period_s(self) -> float:
        """
        How long shunt and bus take together, in seconds, by their names.
        """
        return pair_s(self.conversion_s, self.average, _CONVERSIONS_S)


class DiagAlert(Monitor):
    """
    One read of DIAG_ALRT tells ready and reset; two more fetch the conversion.

    Its math overflow is not asked: that is of the current and power registers, which are not read, and once it is up
    it stays up until the conversions are started anew (DIAG_ALRT, MATHOF). The shunt's own register says what is more
    than the greatest current.
    """

    config: DiagAlertConfig
    end: int
    """Where both registers end; a value there may be any value beyond it."""

    def __init__(self, name: str, config: DiagAlertConfig, wiring: Wiring, scale: Scale) -> None:
        super().__init__(name, config, wiring, scale=scale, conversion_s=config.period_s)
        steps = round(config.max_v / (scale.current_lsb_a * config.shunt_ohm))
        self._beyond = min(self.end, steps + 1)

    def _settings(self) -> Sequence[Setting]:
        config = self.config
        calibration = round(_CALIBRATION_PER_V * config.max_v * (4 if config.adc_range else 1))
        code = nearest(config.conversion_s, _CONVERSIONS_S)
        timing = code << 9 | code << 6 | AVERAGES.index(config.average)
        return (
            Setting(_CONFIG, _ADCRANGE if config.adc_range else 0),
            Setting(SHUNT_CAL, max(1, min(_CALIBRATION_MAX, calibration))),
            Setting(_ADC_CONFIG, _SHUNT_AND_BUS | timing),
            Setting(_DIAG_ALRT, _ALATCH, kept=_ALATCH, flags=_FLAGS),
        )

    def _check_memory(self) -> None:
        """
        Raises DeviceError for a chip that says itself that its trim values are damaged; OSError.
        """
        if not self._get(_DIAG_ALRT) & _MEMSTAT:
            raise self._refuse("it says that its trim memory is damaged (MEMSTAT)")

    def _take(self) -> Taken | None:
        flags = self._get(_DIAG_ALRT)
        if not flags & _ALATCH:
            return RESET
        if not flags & _CNVRF:
            return None
        bus, shunt = self._result(_BUS), self._result(_SHUNT)
        if bus >= self.end or not -self._beyond <= shunt < self._beyond:
            return OVERFLOW
        return bus, shunt, OK

    def _is_ready(self) -> bool:
        return bool(self._get(_DIAG_ALRT) & _CNVRF)

    @abstractmethod
    def _result(self, register: int) -> int:
        """
        A result register as a signed integer. Raises OSError.
        """
