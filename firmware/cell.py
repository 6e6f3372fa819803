"""
The battery that a gauge reports: what is true, or what the host wants the DUT to believe.
"""


class Cell:
    """
    Level in 0.01 %, voltage in mV, current in mA (negative: discharging), temperature in 0.1 degC.
    """

    FULL_MAH = 2000

    def __init__(self):
        self.rest()

    def rest(self):
        """
        A full battery at rest, which no DUT minds.
        """
        self.set(10000, 4100, 0, 250)

    def set(self, level, mv, ma, temperature):
        """
        Takes new readings.
        """
        self.level = level
        self.mv = mv
        self.ma = ma
        self.temperature = temperature

    def copy(self, other):
        """
        Takes another cell's readings.
        """
        self.set(other.level, other.mv, other.ma, other.temperature)

    def shift(self, level, mv):
        """
        Moves level and voltage, within 0 to 100 % and 0 to 65.5 V.
        """
        self.level = min(10000, max(0, self.level + level))
        self.mv = min(65535, max(0, self.mv + mv))

    def percent(self):
        """
        The level in whole percent, rounded down.
        """
        return self.level // 100

    def remaining_mah(self):
        """
        What is left of `FULL_MAH`.
        """
        return self.level * self.FULL_MAH // 10000

    def decikelvin(self):
        """
        The temperature in 0.1 K.
        """
        return self.temperature + 2731


def put_be(mem, at, word):
    """
    A 16-bit word, most significant byte first. Safe in a hard interrupt.
    """
    mem[at] = word >> 8 & 0xFF
    mem[at + 1] = word & 0xFF


def put_le(mem, at, word):
    """
    A 16-bit word, least significant byte first. Safe in a hard interrupt.
    """
    mem[at] = word & 0xFF
    mem[at + 1] = word >> 8 & 0xFF


def clamp(value):
    """
    Saturates to a signed 16-bit word, as a chip's register does.
    """
    return max(-32768, min(32767, value))
