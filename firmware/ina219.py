"""
INA219 power monitor across 0.1 ohm, as on UPS HATs: one 16-bit word per register, most significant byte first.
"""

from cell import clamp, put_be

_CONFIG = 0
_SHUNT = 1
_BUS = 2
_POWER = 3
_CURRENT = 4
_CALIBRATION = 5

_CONVERTED = 1 << 1


class INA219:
    """
    Shunt in 10 uV, bus in 4 mV; current and power by the calibration that the controller wrote, 0 before it did.
    """

    ADDRESS = 0x43
    IS_WORDS = True
    REGISTERS = 6
    BLOCKS = ()

    def reset(self, mem):
        """
        Registers as after power-on.
        """
        for at in range(len(mem)):
            mem[at] = 0
        put_be(mem, 2 * _CONFIG, 0x399F)

    def render(self, mem, cell):
        """
        Writes the cell's readings into the registers.
        """
        shunt = max(-32000, min(32000, cell.ma * 10))
        bus = min(8000, cell.mv // 4)
        calibration = mem[2 * _CALIBRATION] << 8 | mem[2 * _CALIBRATION + 1]
        current = clamp(shunt * calibration // 4096)
        put_be(mem, 2 * _SHUNT, shunt)
        put_be(mem, 2 * _BUS, bus << 3 | _CONVERTED)
        put_be(mem, 2 * _CURRENT, current)
        put_be(mem, 2 * _POWER, min(65535, abs(current) * bus // 5000))

    def written(self, mem, register):
        """
        Takes the reset bit of the configuration. Safe in a hard interrupt.
        """
        if register == _CONFIG and mem[0] & 0x80:
            put_be(mem, 2 * _CONFIG, 0x399F)
            put_be(mem, 2 * _CALIBRATION, 0)
