"""
The fuel gauge as a modelled DUT reads it: a MAX17048, believed only when what it says can be.
"""

from __future__ import annotations

from collections.abc import Callable

# One I2C transfer: address, bytes written, bytes to read after a repeated start. None: not acknowledged.
Transfer = Callable[[int, bytes, int], bytes | None]

Fields = dict[str, float | str | None]

_ADDRESS = 0x36

# MAX17048 data sheet, register summary: VCELL, SOC, MODE and VERSION follow each other, most significant byte first.
_FIRST, _COUNT = b"\x02", 8
_VCELL_LSB_V, _SOC_PER_PERCENT, _PRODUCTION = 78.125e-6, 256, 0x0010

# A lithium cell below 2.5 V is cut off by its protection, and none is charged above 4.5 V.
_CELL_V = (2.5, 4.5)

# Below each of these percentages it lets go of more services, as the edge node with `--shed` does.
_SHEDS_BELOW = (50, 30, 15, 5)


def battery(transfer: Transfer) -> Fields:
    """
    What the DUT says of its battery in /health: percent and volt, or neither (never 0) and the problem.
    """
    words = transfer(_ADDRESS, _FIRST, _COUNT)
    if words is None:
        return _unknown("not acknowledged")
    cell, soc, version = (int.from_bytes(words[at : at + 2], "big") for at in (0, 2, 6))
    voltage_v, percent = cell * _VCELL_LSB_V, soc / _SOC_PER_PERCENT
    if version & 0xFFF0 != _PRODUCTION:
        return _unknown(f"nonsense: version {version:#06x}")
    if not _CELL_V[0] <= voltage_v <= _CELL_V[1]:
        return _unknown(f"nonsense: a cell of {voltage_v:.2f} V")
    if percent > 100:
        return _unknown(f"nonsense: {percent:.1f} % full")
    return {"battery_percent": round(percent, 2), "battery_v": round(voltage_v, 4), "battery_problem": None}


def shed_level(percent: float) -> int:
    """
    How many lots of services it has let go of at a charge, from 0 to 4.
    """
    return sum(percent < threshold for threshold in _SHEDS_BELOW)


def _unknown(problem: str) -> Fields:
    return {"battery_percent": None, "battery_v": None, "battery_problem": problem}
