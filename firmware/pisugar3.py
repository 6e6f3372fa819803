"""
PiSugar 3 UPS: a microcontroller behind single-byte registers.
"""

from cell import put_be

_CTR1 = 0x02
_TEMPERATURE = 0x04
_VOLTAGE = 0x22
_OUTPUT_MA = 0x26
_PERCENT = 0x2A
_VERSION = 0xE2

_PLUGGED = 1 << 7
_CHARGING_ALLOWED = 1 << 6
_OUTPUT_ON = 1 << 5


class PiSugar3:
    """
    mV and mA high byte first, whole percent, temperature plus 40. The mains counts as plugged unless it discharges.
    """

    ADDRESS = 0x57
    IS_WORDS = False

    def reset(self, mem):
        """
        Registers as after power-on.
        """
        for at in range(len(mem)):
            mem[at] = 0
        mem[_CTR1] = _CHARGING_ALLOWED | _OUTPUT_ON
        for at, letter in enumerate(b"1.3.4\0"):
            mem[_VERSION + at] = letter

    def render(self, mem, cell):
        """
        Writes the cell's readings into the registers.
        """
        if cell.ma < 0:
            mem[_CTR1] &= 0xFF ^ _PLUGGED
        else:
            mem[_CTR1] |= _PLUGGED
        mem[_TEMPERATURE] = max(0, min(255, cell.temperature // 10 + 40))
        put_be(mem, _VOLTAGE, cell.mv)
        put_be(mem, _OUTPUT_MA, max(0, -cell.ma))
        mem[_PERCENT] = cell.percent()

    def written(self, _mem, _address):
        """
        Settings stay as the controller wrote them.
        """
