"""
What a power meter said.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .instant import Instant


class Flag(StrEnum):
    """
    Whether a reading may be believed, and if not, why.
    """

    OK = "ok"
    OVERFLOW = "overflow"
    STALE = "stale"
    NACK = "nack"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Reading:
    """
    A rail's voltage and current, averaged by the meter over the interval `at`.

    `bus_v` and `current_a` are None unless the flag is OK: what could not be measured is not a number.
    """

    at: Instant
    flag: Flag
    bus_v: float | None = None
    current_a: float | None = None

    @property
    def is_ok(self) -> bool:
        """
        Whether the reading may be believed.
        """
        return self.flag is Flag.OK
