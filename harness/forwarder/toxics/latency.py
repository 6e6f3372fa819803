"""
Lateness.
"""

from __future__ import annotations

from random import Random

from ..toxic import Toxic


class Latency(Toxic):
    """
    Everything is late by `latency_s` ± `jitter_s`, each piece by a draw of its own. A stream keeps its order all the
    same; a packet may overtake another.
    """

    __slots__ = ("_least_s", "_most_s", "_rng")

    def __init__(self, latency_s: float, jitter_s: float, rng: Random) -> None:
        self._least_s, self._most_s, self._rng = latency_s - jitter_s, latency_s + jitter_s, rng

    def due_s(self, at_s: float, size: int, is_answer: bool) -> float:
        return at_s + self._rng.uniform(self._least_s, self._most_s)
