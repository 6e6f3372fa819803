"""
Packets that come twice.
"""

from __future__ import annotations

from random import Random

from ..toxic import Toxic


class Duplicate(Toxic):
    """
    A share of the packets arrives a second time.
    """

    __slots__ = ("_ratio", "_rng")

    def __init__(self, ratio: float, rng: Random) -> None:
        self._ratio, self._rng = ratio, rng

    def copies(self, count: int) -> int:
        return 2 * count if self._rng.random() < self._ratio else count
