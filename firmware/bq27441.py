"""
BQ27441 fuel gauge: byte-addressed standard commands, least significant byte first.
"""

from cell import put_le

_CONTROL = 0x00
_TEMPERATURE = 0x02
_VOLTAGE = 0x04
_FLAGS = 0x06
_NOMINAL = 0x08
_REMAINING = 0x0C
_FULL = 0x0E
_CURRENT = 0x10
_POWER = 0x18
_SOC = 0x1C
_INNER_TEMPERATURE = 0x1E
_HEALTH = 0x20
_DESIGN = 0x3C

_DISCHARGING = 1 << 0
_SOC_FINAL = 1 << 1
_SOC_LOW = 1 << 2
_BATTERY_FOUND = 1 << 3
_CHARGING_ALLOWED = 1 << 8
_FULL_CHARGE = 1 << 9

# What Control() answers to a sub-command; sealed, initialised, not in hibernation.
_STATUS = 0x2080
_DEVICE_TYPE = 0x0421
_FW_VERSION = 0x0109
_CHEM_ID = 0x0128


class BQ27441:
    """
    mV, mA, mW, mAh, whole percent, 0.1 K. Data memory blocks read as zero.
    """

    ADDRESS = 0x55
    IS_WORDS = False

    def reset(self, mem):
        """
        Registers as after power-on.
        """
        for at in range(len(mem)):
            mem[at] = 0
        put_le(mem, _CONTROL, _STATUS)

    def render(self, mem, cell):
        """
        Writes the cell's readings into the registers.
        """
        percent = cell.percent()
        flags = _BATTERY_FOUND
        if cell.ma < 0:
            flags |= _DISCHARGING
        if percent < 100:
            flags |= _CHARGING_ALLOWED
        else:
            flags |= _FULL_CHARGE
        if percent <= 10:
            flags |= _SOC_LOW
        if percent <= 2:
            flags |= _SOC_FINAL
        left = cell.remaining_mah()
        put_le(mem, _TEMPERATURE, cell.decikelvin())
        put_le(mem, _VOLTAGE, cell.mv)
        put_le(mem, _FLAGS, flags)
        for at in (_NOMINAL, _REMAINING):
            put_le(mem, at, left)
        for at in (_FULL, _DESIGN):
            put_le(mem, at, cell.FULL_MAH)
        put_le(mem, _CURRENT, cell.ma)
        put_le(mem, _POWER, cell.ma * cell.mv // 1000)
        put_le(mem, _SOC, percent)
        put_le(mem, _INNER_TEMPERATURE, cell.decikelvin())
        put_le(mem, _HEALTH, 0x0364)

    def written(self, mem, address):
        """
        Answers a Control() sub-command in place. Safe in a hard interrupt.
        """
        if address == _CONTROL:
            asked = mem[_CONTROL] | mem[_CONTROL + 1] << 8
            answer = 0
            if asked == 0x0000:
                answer = _STATUS
            elif asked == 0x0001:
                answer = _DEVICE_TYPE
            elif asked == 0x0002:
                answer = _FW_VERSION
            elif asked == 0x0008:
                answer = _CHEM_ID
            put_le(mem, _CONTROL, answer)
