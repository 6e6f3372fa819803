"""
The INA237 power monitor; an INA238 has the same registers, and less error, and is taken too.

Sources: Texas Instruments, INA237 datasheet (SBOSA20A), sections 6.5 (electrical characteristics), 7.6.1 (registers).
"""

from __future__ import annotations

from dataclasses import dataclass

from ..model.trace import Scale
from ..protocols import Wiring
from ._diag_alert import DEVICE_ID, MANUFACTURER_ID, SHUNT_CAL, DiagAlert, DiagAlertConfig

_INA228 = 0x2280
_VOID = 0x8000  # the highest bit of SHUNT_CAL always reads 0
_BUS_LSB_V = 3.125e-3
_SHUNT_LSBS_V = (5e-6, 1.25e-6)


class INA237(DiagAlert):
    """
    Up to 85 V in steps of 3.125 mV; ±163.84 mV over the shunt in steps of 5 µV, or a quarter of both.

    Its datasheet gives it a maker but no device number: what else it is shows in the bits that it cannot keep, and in
    its settings, which are read back.
    """

    end = 0x7FFF
    config: Config

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config(DiagAlertConfig):
        """
        What all of its family are told.
        """

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        scale = Scale(_BUS_LSB_V, _SHUNT_LSBS_V[config.adc_range] / config.shunt_ohm)
        super().__init__(name, config, wiring, scale)

    def _identify(self) -> None:
        self._must_be_made(MANUFACTURER_ID)
        if self._get(DEVICE_ID) & 0xFFF0 == _INA228:
            raise self._refuse('it is an INA228, whose results are wider; write kind = "ina228"')
        self._put(SHUNT_CAL, _VOID)
        found = self._get(SHUNT_CAL)
        if found:
            raise self._refuse(f"it keeps {found:#06x} in SHUNT_CAL, whose highest bit is void")
        self._check_memory()

    def _result(self, register: int) -> int:
        return self._get_signed(register)
