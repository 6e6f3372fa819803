"""
A measured physical quantity: never a number alone, always an interval that holds the truth.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .instant import NS_PER_S, Span

# What a trial's power trace tells: name to unit. A criterion may name each of them.
QUANTITIES: Mapping[str, str] = {
    # From the command to the contact's first movement, when it cuts and when it feeds again; how long it then chatters.
    "contact_operate": "s",
    "contact_release": "s",
    "contact_bounce": "s",
    # The lowest voltage of the rail while it was cut, and the one at which it stood in the end.
    "brown_out_depth": "V",
    "back_power": "V",
    # The highest current just after the rail is back.
    "inrush_peak": "A",
    # From the rail's rise to where the current says that the DUT runs, and what it took to be ready.
    "boot_time": "s",
    "energy_to_recover": "J",
    # How much more it draws when it has recovered than before the fault.
    "load_step": "A",
}


# A rail that stands above this while it is off (volts) is fed by something else, or has not discharged yet: it is too
# much for a DUT to lose its memory by, and enough for its inputs' protection diodes to carry.
BACK_POWERED_V = 0.3


@dataclass(frozen=True, slots=True)
class Quantity:
    """
    A quantity known to lie in [low, high], in `unit` (`A`, `V`, `J`, `s`, none for a count); `high` None means that it
    has no upper bound.
    """

    low: float
    high: float | None
    unit: str

    @classmethod
    def of(cls, span: Span) -> Quantity:
        """
        A duration, which cannot be negative.
        """
        high = None if span.high_ns is None else max(0, span.high_ns) / NS_PER_S
        return cls(max(0, span.low_ns) / NS_PER_S, high, "s")

    def holds(self, value: float) -> bool:
        """
        Whether it can have been `value`.
        """
        return self.low <= value and (self.high is None or value <= self.high)

    def __str__(self) -> str:
        """
        The quantity with its ends; what is printed always holds the whole interval.

        >>> str(Quantity(1.2344, 1.2391, "A")), str(Quantity(0.816, None, "A")), str(Quantity(0.0067, 0.0134, "s"))
        ('1.2344 … 1.2391 A', '> 0.81 A (no upper bound)', '6.70 … 13.40 ms')
        """
        if self.high is None:
            return f"> {_outwards(self.low, 2, math.floor)}{self.unit and f' {self.unit}'} (no upper bound)"
        is_small = self.unit != "" and max(abs(self.low), abs(self.high)) < 1
        size, unit = (1000, f" m{self.unit}") if is_small else (1, self.unit and f" {self.unit}")
        low, high = self.low * size, self.high * size
        if low == high:
            return f"{low:.6g}{unit}"
        # One digit more than the width has: rounding outwards then widens it by a tenth at most.
        digits = min(9, max(2, 1 - math.floor(math.log10(high - low))))
        return f"{_outwards(low, digits, math.floor)} … {_outwards(high, digits, math.ceil)}{unit}"


def _outwards(value: float, digits: int, way: Callable[[float], int]) -> str:
    return f"{way(value * 10**digits) / 10**digits:.{digits}f}"
