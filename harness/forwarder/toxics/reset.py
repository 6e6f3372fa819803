"""
Resets.
"""

from __future__ import annotations

from random import Random

from ..toxic import Fate, Toxic


class Reset(Toxic):
    """
    Resets a share of the connections at their start, and at each further answer, in the middle of what was asked.
    """

    __slots__ = ("_ratio", "_rng")

    def __init__(self, ratio: float, rng: Random) -> None:
        self._ratio, self._rng = ratio, rng

    def fate(self) -> Fate:
        return Fate.RESET if self._rng.random() < self._ratio else Fate.PASSES
