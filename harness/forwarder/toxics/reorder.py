"""
Packets that are overtaken.
"""

from __future__ import annotations

from random import Random

from ..toxic import Toxic

# Long enough for the next of a burst to pass, short enough not to be taken for latency.
_ASIDE_S = 0.010


class Reorder(Toxic):
    """
    A share of the packets steps aside for 10 ms, and whatever follows passes it.
    """

    __slots__ = ("_ratio", "_rng")

    def __init__(self, ratio: float, rng: Random) -> None:
        self._ratio, self._rng = ratio, rng

    def due_s(self, at_s: float, size: int, is_answer: bool) -> float:
        return at_s + _ASIDE_S if self._rng.random() < self._ratio else at_s
