"""
The operations on the wire: number, name, `struct` format of the request and of the reply (`*` takes the remaining
bytes). Their checksum, with what the numbers in them stand for, goes into the hello: a host with another table is
refused instead of misread.
"""

from binascii import crc32

OPS = (
    (0x01, "hello", "I", "IIQB*"),
    (0x02, "echo", "*", "*"),
    (0x03, "sum", "ii", "i"),
    (0x04, "clock", "", "QI"),
    (0x05, "status", "", "BBHQBBIIII"),
    (0x06, "arm", "H", ""),
    (0x07, "disarm", "", ""),
    (0x08, "write", "BB", "Q"),
    (0x09, "read", "", "BBQ"),
    (0x0A, "pulse", "BBQIII", "Q"),
    (0x0B, "scatter", "BBQIIIIIH", "Q"),
    (0x0C, "anchor", "BBBBHIIII", ""),
    (0x0D, "cancel", "B", ""),
    (0x0E, "watch", "BB", ""),
    (0x10, "gauge_start", "BB", ""),
    (0x11, "gauge_stop", "", ""),
    (0x12, "gauge_set", "HHhh", ""),
    (0x13, "gauge_fault", "Bii", ""),
    (0x14, "gauge_read", "", "BBBHHhhI"),
    (0x15, "gauge_peek", "BB", "*"),
    (0x18, "analog_write", "BH", "H"),
    (0x19, "analog_points", "B*", ""),
    (0x1A, "adc_read", "BH", "HHHHQ"),
    (0x1B, "adc_points", "B*", ""),
    (0x1E, "repl", "", ""),
    (0x1F, "reset", "", ""),
)

REPLY = 0x80
ERROR = 0xFF  # BB*: the op that failed, why, and the reason in words

BOOTED = 0xC0
TRIPPED = 0xC1
EDGES = 0xC2
DONE = 0xC3
ESTOP = 0xC4

EVENTS = (
    (BOOTED, "booted", "I"),  # boot id
    (TRIPPED, "tripped", "BBQ"),  # cause, output levels just before, ticks
    (EDGES, "edges", "IIQ*"),  # index of the first, edges lost since boot, base ticks, then (ticks - base: I, code: B)
    (DONE, "done", "BII"),  # output, switchings made, the latest one's lateness in us
    (ESTOP, "estop", "BQ"),  # whether it stops, ticks
)

UNKNOWN_OP = 1
BAD_PAYLOAD = 2
REFUSED = 3
BAD_VALUE = 4
BROKEN = 5
NO_HELLO = 6


# What the numbers in payloads stand for: kind, its first number, and the names from there on.
ENUMS = (
    ("state", 0, "safe armed tripped"),
    ("cause", 0, "boot deadman estop host"),
    ("edge", 1, "rising falling"),
    ("chip", 1, "max17048 max17040 bq27441 pisugar3 ina219 sbs"),
    ("fault", 0, "none stuck jump drift garbage nack nack_data"),
    ("refusal", 1, "unknown_op bad_payload refused bad_value broken no_hello"),
)


class Refused(Exception):
    """
    The board's state, or what its hardware can do, forbids what was asked.
    """


def table():
    """
    The protocol as text, one operation, event or number per line.
    """
    lines = ["%02x %s %s %s\n" % row for row in OPS]
    lines += ["%02x %s %s\n" % row for row in EVENTS]
    for kind, first, names in ENUMS:
        lines += ["%s %d %s\n" % (kind, first + i, name) for i, name in enumerate(names.split())]
    return "".join(lines)


def checksum():
    """
    The 32 bits that both ends must agree on.
    """
    return crc32(table().encode())
