"""
The power monitors whose Mask/Enable register says everything that a poll wants to know: INA226 and INA260.

Sources: Texas Instruments, datasheets INA226 (SBOS547B, 7.6) and INA260 (SBOS656C, 8.6).
"""

from __future__ import annotations

from ._monitor import OK, OVERFLOW, RESET, Monitor, Setting, Taken

CONFIGURATION, SHUNT, BUS = 0x00, 0x01, 0x02
_MASK_ENABLE = 0x06
_MANUFACTURER_ID, _DIE_ID = 0xFE, 0xFF

# Mask/Enable (06h). CNVR is ours: a chip that was reset has lost it. CVRF is cleared by this register's being read.
_CNVR, _CVRF, OVF = 1 << 10, 1 << 3, 1 << 2
_FLAGS = 1 << 4 | _CVRF | OVF

# Both registers end at 7FFFh, and the shunt's at 8000h below: a value at the end may be any value beyond it.
_BUS_END = 0x7FFF
_SHUNT_ENDS = (0x7FFF, -0x8000)

BUS_LSB_V = 1.25e-3


class MaskEnable(Monitor):
    """
    One read of Mask/Enable tells ready, overflow and reset; two more fetch the conversion.
    """

    die: int
    """The die's number, without its revision."""

    math_overflow = OVF
    """The flag of a current that the chip's own arithmetic could not hold; 0 where that says nothing of the current."""

    MARK = Setting(_MASK_ENABLE, _CNVR, kept=_CNVR, flags=_FLAGS)

    def _identify(self) -> None:
        self._must_be(self.die, _MANUFACTURER_ID, _DIE_ID)

    def _take(self) -> Taken | None:
        flags = self._get(_MASK_ENABLE)
        if not flags & _CNVR:
            return RESET
        if not flags & _CVRF:
            return None
        bus, shunt = self._get(BUS), self._get_signed(SHUNT)
        if flags & self.math_overflow or bus >= _BUS_END or shunt in _SHUNT_ENDS:
            return OVERFLOW
        return bus, shunt, OK

    def _is_ready(self) -> bool:
        return bool(self._get(_MASK_ENABLE) & _CVRF)
