"""
The INA228 power monitor: 20 bits, for what a sleeping unit draws.

Sources: Texas Instruments, INA228 datasheet (SLYS021), sections 6.5 (electrical characteristics) and 7.6.1 (registers).
"""

from __future__ import annotations

from dataclasses import dataclass

from ..model.trace import Scale
from ..protocols import Wiring
from ._diag_alert import DEVICE_ID, MANUFACTURER_ID, DiagAlert, DiagAlertConfig
from ._monitor import WORD_CLOCKS
from ._words import signed

_DIE = 0x2280
_BITS, _VOID_BITS = 20, 4  # a result is 24 bits, of which the lowest four are void
_BUS_LSB_V = 195.3125e-6
_SHUNT_LSBS_V = (312.5e-9, 78.125e-9)


class INA228(DiagAlert):
    """
    Up to 85 V in steps of 195.3125 µV; ±163.84 mV over the shunt in steps of 312.5 nV, or a quarter of both.
    """

    end = (1 << (_BITS - 1)) - 1
    config: Config
    clocks = 2 * WORD_CLOCKS + 2 * (WORD_CLOCKS + 9)  # each result has a byte more

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config(DiagAlertConfig):
        """
        What all of its family are told.
        """

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        scale = Scale(_BUS_LSB_V, _SHUNT_LSBS_V[config.adc_range] / config.shunt_ohm)
        super().__init__(name, config, wiring, scale)

    def _identify(self) -> None:
        self._must_be(_DIE, MANUFACTURER_ID, DEVICE_ID)
        self._check_memory()

    def _result(self, register: int) -> int:
        data = self._bus.read_i2c_block_data(self.config.address, register, 3)
        return signed(int.from_bytes(bytes(data), "big") >> _VOID_BITS, _BITS)
