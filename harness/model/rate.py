"""
How well a meter was sampled.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """
    What was asked of a meter, and what was reached: conversions a second, how many were read, how many are missing at
    least, and how often the chip failed to answer as it should.
    """

    meter: str
    asked_hz: float
    reached_hz: float
    conversions: int
    missed: int
    failures: int = 0

    def __str__(self) -> str:
        """
        One sentence.

        >>> str(Rate(meter="monitor", asked_hz=455.0, reached_hz=449.2, conversions=8984, missed=16))
        'monitor: 449 of 455 conversions a second were read; at least 16 are missing'
        """
        failed = f", and {self.failures} times there was no good answer" if self.failures else ""
        missing = f"at least {self.missed} are missing" if self.missed else "none is known to be missing"
        read = f"{self.reached_hz:.3g} of {self.asked_hz:.3g} conversions a second were read"
        return f"{self.meter}: {read}; {missing}{failed}"
