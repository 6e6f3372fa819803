"""
A measured physical quantity: never a number alone, always an interval that holds the truth.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quantity:
    """
    A quantity known to lie in [low, high], in `unit` (`A`, `V`, `J`); `high` None means that it has no upper bound.
    """

    low: float
    high: float | None
    unit: str

    def holds(self, value: float) -> bool:
        """
        Whether it can have been `value`.
        """
        return self.low <= value and (self.high is None or value <= self.high)
