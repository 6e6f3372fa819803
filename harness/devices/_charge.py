"""
From a state of charge to the voltage that a cell has then.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargePoint:
    """
    A point of a charge curve: state of charge (a fraction of one) and voltage.
    """

    level_ratio: float
    voltage_v: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationPoint:
    """
    A point of an output's calibration: duty, 0 to 65535, and the voltage that was measured.
    """

    duty: int
    voltage_v: float

    def __post_init__(self) -> None:
        if not 0 <= self.duty <= 65535:
            raise ValueError("duty must be 0 to 65535")


# A lithium-polymer cell at rest and room temperature, as the common tables for hobby cells have it.
LITHIUM = tuple(
    ChargePoint(level_ratio=percent / 100, voltage_v=voltage_v)
    for percent, voltage_v in (
        (0, 3.27),
        (5, 3.61),
        (10, 3.69),
        (20, 3.73),
        (40, 3.80),
        (60, 3.87),
        (80, 4.02),
        (90, 4.11),
        (100, 4.20),
    )
)


def check_curve(points: tuple[ChargePoint, ...]) -> None:
    """
    Raises ValueError for a curve that does not rise from empty to full.
    """
    if len(points) < 2 or points[0].level_ratio != 0 or points[-1].level_ratio != 1:
        raise ValueError("curve must have at least two points, the first at 0 % and the last at 100 %")
    for low, high in pairwise(points):
        if high.level_ratio <= low.level_ratio or high.voltage_v <= low.voltage_v:
            raise ValueError("curve must rise from point to point, in level and in voltage")


def voltage_v(points: tuple[ChargePoint, ...], percent: float) -> float:
    """
    The voltage at a state of charge, on straight lines between the points; beyond 0 % and 100 % it is theirs.
    """
    level = min(1.0, max(0.0, percent / 100))
    last = len(points) - 1
    at = min(last, bisect_right([point.level_ratio for point in points], level))
    low, high = points[at - 1], points[at]
    along = (level - low.level_ratio) / (high.level_ratio - low.level_ratio)
    return low.voltage_v + along * (high.voltage_v - low.voltage_v)
