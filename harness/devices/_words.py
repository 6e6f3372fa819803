"""
The words of a power monitor: their bytes as SMBus sends them, and their signs.
"""

from __future__ import annotations


def swapped(word: int) -> int:
    """
    SMBus sends the least significant byte first, the chips the most significant.

    >>> hex(swapped(0x1234))
    '0x3412'
    """
    return (word & 0xFF) << 8 | word >> 8


def signed(word: int, bits: int = 16) -> int:
    """
    A register's content in two's complement.

    >>> signed(0xFFFE), signed(0x7FFF), signed(0x80000, 20)
    (-2, 32767, -524288)
    """
    return word - (1 << bits) if word >> (bits - 1) else word
