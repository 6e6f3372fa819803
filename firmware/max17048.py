"""
MAX17048 and MAX17040 fuel gauges: byte-addressed, most significant byte first.
"""

from cell import put_be

_VCELL = 0x02
_SOC = 0x04
_MODE = 0x06
_VERSION = 0x08
_HIBRT = 0x0A
_CONFIG = 0x0C
_VALRT = 0x14
_CRATE = 0x16
_VRESET = 0x18
_STATUS = 0x1A
_CMD = 0xFE


class MAX17048:
    """
    VCELL in 78.125 uV, SOC in 1/256 %, CRATE in 0.208 %/h. A real chip does not acknowledge the reset command; this
    one does, because `machine.I2CTarget` acknowledges every data byte.
    """

    ADDRESS = 0x36
    IS_WORDS = False
    VERSION = 0x0012

    def reset(self, mem):
        """
        Registers as after power-on.
        """
        for at in range(len(mem)):
            mem[at] = 0
        put_be(mem, _HIBRT, 0x8030)
        put_be(mem, _CONFIG, 0x971C)
        put_be(mem, _VALRT, 0x00FF)
        put_be(mem, _VRESET, 0x9600)
        put_be(mem, _STATUS, 0x0100)

    def render(self, mem, cell):
        """
        Writes the cell's readings into the registers.
        """
        put_be(mem, _VCELL, min(65535, cell.mv * 64 // 5))
        put_be(mem, _SOC, cell.level * 256 // 100)
        put_be(mem, _VERSION, self.VERSION)
        put_be(mem, _CRATE, cell.ma * 100000 // (cell.FULL_MAH * 208))

    def written(self, mem, _address):
        """
        Acts on what the controller wrote. Safe in a hard interrupt.
        """
        if mem[_CMD] or mem[_CMD + 1]:
            put_be(mem, _CONFIG, 0x971C)
            put_be(mem, _STATUS, 0x0100)
            put_be(mem, _CMD, 0)
        # Quick-start clears itself once the chip has taken it.
        mem[_MODE] &= 0xBF


class MAX17040(MAX17048):
    """
    The older part: VCELL in its upper 12 bits in 1.25 mV, SOC as on its successor, no rate, alerts or status.
    """

    VERSION = 0x0002

    def reset(self, mem):
        """
        Registers as after power-on.
        """
        for at in range(len(mem)):
            mem[at] = 0
        put_be(mem, _CONFIG, 0x971C)

    def render(self, mem, cell):
        """
        Writes the cell's readings into the registers.
        """
        put_be(mem, _VCELL, min(4095, cell.mv * 4 // 5) << 4)
        put_be(mem, _SOC, cell.level * 256 // 100)
        put_be(mem, _VERSION, self.VERSION)

    def written(self, mem, _address):
        """
        Acts on what the controller wrote. Safe in a hard interrupt.
        """
        if mem[_CMD] or mem[_CMD + 1]:
            put_be(mem, _CONFIG, 0x971C)
            put_be(mem, _CMD, 0)
        mem[_MODE] &= 0xBF
