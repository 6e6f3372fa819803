"""
What a rig file may say of a power monitor: addresses, shunts and currents that exist.
"""

from __future__ import annotations


def check_place(part: str, bus: int, address: int, last: int = 0x4F) -> None:
    """
    Raises ValueError for a bus that cannot be, or an address that the part's pins cannot choose.
    """
    if bus < 0:
        raise ValueError("bus must be a number from 0 up, as in /dev/i2c-1")
    if not 0x40 <= address <= last:
        raise ValueError(f"address {address:#04x} is none of the {part}'s; it has 0x40 to {last:#04x}")


def check_shunt(shunt_ohm: float) -> None:
    """
    Raises ValueError for a shunt without resistance (ohms).
    """
    if shunt_ohm <= 0:
        raise ValueError("shunt must be more than 0")


def check_current(max_current_a: float | None, shunt_ohm: float, range_v: float, least_v: float = 0.0) -> None:
    """
    Raises ValueError for a greatest current (amperes) that gives more than `range_v` over the shunt, or less than
    `least_v`: a current as small as that would need more than the calibration register holds.
    """
    if max_current_a is None:
        return
    most_a, least_a = range_v / shunt_ohm, least_v / shunt_ohm
    if not 0 < max_current_a <= most_a:
        over = f"±{range_v * 1e3:.4g} mV over the shunt"
        raise ValueError(f"max_current must be more than 0 and at most {most_a:.4g} A ({over})")
    if max_current_a < least_a:
        raise ValueError(f"max_current must be at least {least_a:.4g} A with this shunt: the calibration ends there")
