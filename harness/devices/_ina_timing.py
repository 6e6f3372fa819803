"""
How INA226, INA260 and INA3221 are told what to convert: their configuration registers share the lower twelve bits.

Sources: Texas Instruments, datasheets INA226 (SBOS547B, 7.6.1), INA260 (SBOS656C, 8.6.1), INA3221 (SBOS576B, 8.6.2.1).
"""

from __future__ import annotations

from collections.abc import Sequence

AVERAGES = (1, 4, 16, 64, 128, 256, 512, 1024)
CONVERSIONS_S = (140e-6, 204e-6, 332e-6, 588e-6, 1.1e-3, 2.116e-3, 4.156e-3, 8.244e-3)

_CONTINUOUS = 0b111  # shunt and bus, one after the other, over and over


def check_average(average: int, known: Sequence[int] = AVERAGES) -> None:
    """
    Raises ValueError for a number of averages that the chip does not know.
    """
    if average not in known:
        raise ValueError(f"average must be one of {', '.join(map(str, known))}")


def nearest(conversion_s: float, known: Sequence[float] = CONVERSIONS_S) -> int:
    """
    The code of the conversion time (seconds) that is nearest to what is asked.
    """
    return min(range(len(known)), key=lambda code: abs(known[code] - conversion_s))


def pair_s(conversion_s: float, average: int, known: Sequence[float] = CONVERSIONS_S) -> float:
    """
    How long shunt and bus take together, in seconds: they are converted one after the other, each `average` times.
    """
    return 2 * known[nearest(conversion_s, known)] * average


def timing_bits(conversion_s: float, average: int) -> int:
    """
    Averages, both conversion times and the mode, as they stand in the configuration register (00h).
    """
    code = nearest(conversion_s)
    return AVERAGES.index(average) << 9 | code << 6 | code << 3 | _CONTINUOUS
