"""
The pin table as one number, so that a host sees which wiring a board was told.
"""

from binascii import crc32

import pins

_NAMES = ("OUTPUTS", "INPUTS", "ESTOP", "ESTOP_STOPS_AT", "GAUGE", "ANALOG_OUT", "ANALOG_SAFE_MV", "ANALOG_IN")


def digest():
    """
    Eight hex digits that change with any pin or safe level, but not with a comment.
    """
    rows = ["%s = %r\n" % (name, getattr(pins, name, None)) for name in _NAMES]
    return "%08x" % crc32("".join(rows).encode())
