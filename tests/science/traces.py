"""
Traces written by hand: a row a millisecond, each an average over it.
"""

from __future__ import annotations

from harness.model.instant import Instant
from harness.model.trace import Code, Samples, Scale

MS = 10**6
LSB = Scale(0.001, 0.001)

# A row: volts and amperes, or a code.
Row = tuple[float, float] | Code


def trace(*stretches: tuple[int, Row]) -> Samples:
    """
    So many rows of each kind, one after the other.
    """
    samples = Samples()
    for count, row in stretches:
        for _ in range(count):
            start_ns = len(samples) * MS
            volts, amperes, code = (0.0, 0.0, row) if isinstance(row, Code) else (*row, Code.OK)
            samples.earliest_ns.append(start_ns)
            samples.latest_ns.append(start_ns + MS)
            samples.bus_v.append(volts)
            samples.current_a.append(amperes)
            samples.code.append(code)
    return samples


def currents(*stretches: tuple[int, float | Code]) -> Samples:
    """
    The same at 5 V.
    """
    return trace(*((count, row if isinstance(row, Code) else (5.0, row)) for count, row in stretches))


def ms(earliest: float, latest: float) -> Instant:
    return Instant(round(earliest * MS), round(latest * MS))
