"""
Smart Battery System battery: one 16-bit word per command, least significant byte first, strings as blocks. No PEC.
"""

from cell import put_le

_MODE = 0x03
_TEMPERATURE = 0x08
_VOLTAGE = 0x09
_CURRENT = 0x0A
_AVERAGE_CURRENT = 0x0B
_MAX_ERROR = 0x0C
_RELATIVE_SOC = 0x0D
_ABSOLUTE_SOC = 0x0E
_REMAINING = 0x0F
_FULL = 0x10
_RUN_TIME = 0x11
_TIME_TO_EMPTY = 0x12
_TIME_TO_FULL = 0x13
_CHARGE_MA = 0x14
_CHARGE_MV = 0x15
_STATUS = 0x16
_CYCLES = 0x17
_DESIGN_MAH = 0x18
_DESIGN_MV = 0x19
_SPECIFICATION = 0x1A
_DATE = 0x1B
_SERIAL = 0x1C

_INITIALISED = 0x80
_DISCHARGING = 0x40
_FULLY_CHARGED = 0x20
_FULLY_DISCHARGED = 0x10
_NONE = 65535


class SBS:
    """
    mV, mA, mAh, minutes, whole percent, 0.1 K.
    """

    ADDRESS = 0x0B
    IS_WORDS = True
    REGISTERS = 0x20
    BLOCKS = ((0x20, b"\x0acrashbench"), (0x21, b"\x05bench"), (0x22, b"\x04LION"))

    def reset(self, mem):
        """
        Registers as after power-on.
        """
        for at in range(len(mem)):
            mem[at] = 0
        put_le(mem, 2 * _SPECIFICATION, 0x0021)
        put_le(mem, 2 * _DATE, (2026 - 1980) << 9 | 1 << 5 | 1)
        put_le(mem, 2 * _SERIAL, 1)

    def render(self, mem, cell):
        """
        Writes the cell's readings into the registers.
        """
        percent = cell.percent()
        left = cell.remaining_mah()
        status = _INITIALISED
        if cell.ma < 0:
            status |= _DISCHARGING
        if percent >= 100:
            status |= _FULLY_CHARGED
        if percent == 0:
            status |= _FULLY_DISCHARGED
        to_empty = min(_NONE, left * 60 // -cell.ma) if cell.ma < 0 else _NONE
        to_full = min(_NONE, (cell.FULL_MAH - left) * 60 // cell.ma) if cell.ma > 0 else _NONE
        for register, word in (
            (_TEMPERATURE, cell.decikelvin()),
            (_VOLTAGE, cell.mv),
            (_CURRENT, cell.ma),
            (_AVERAGE_CURRENT, cell.ma),
            (_MAX_ERROR, 1),
            (_RELATIVE_SOC, percent),
            (_ABSOLUTE_SOC, percent),
            (_REMAINING, left),
            (_FULL, cell.FULL_MAH),
            (_RUN_TIME, to_empty),
            (_TIME_TO_EMPTY, to_empty),
            (_TIME_TO_FULL, to_full),
            (_CHARGE_MA, 1000),
            (_CHARGE_MV, 4200),
            (_STATUS, status),
            (_CYCLES, 12),
            (_DESIGN_MAH, cell.FULL_MAH),
            (_DESIGN_MV, 3700),
        ):
            put_le(mem, 2 * register, word)

    def written(self, _mem, _register):
        """
        Settings stay as the controller wrote them.
        """
