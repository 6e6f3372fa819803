"""
Slowness of whoever answers.
"""

from __future__ import annotations

from random import Random

from ..toxic import Toxic


class SlowResponse(Toxic):
    """
    Each answer's first piece is kept back for something between two times, and what follows it goes no sooner.
    """

    __slots__ = ("_least_s", "_most_s", "_rng", "_until_s")

    def __init__(self, least_s: float, most_s: float, rng: Random) -> None:
        self._least_s, self._most_s, self._rng = least_s, most_s, rng
        self._until_s = 0.0

    def due_s(self, at_s: float, size: int, is_answer: bool) -> float:
        if is_answer:
            self._until_s = at_s + self._rng.uniform(self._least_s, self._most_s)
        return max(at_s, self._until_s)
