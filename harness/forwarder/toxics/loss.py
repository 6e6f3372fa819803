"""
Loss: of packets where there are packets, of connections where there are only those.
"""

from __future__ import annotations

from random import Random

from ..toxic import Fate, Toxic


class Loss(Toxic):
    """
    Loses a share of the packets; of a stream, a share of the connections at their start, and at each further answer:
    whoever waits for one waits in vain. That is no packet loss: TCP would have made up for a lost packet.
    """

    __slots__ = ("_ratio", "_rng")

    def __init__(self, ratio: float, rng: Random) -> None:
        self._ratio, self._rng = ratio, rng

    def fate(self) -> Fate:
        return Fate.SILENT if self._rng.random() < self._ratio else Fate.PASSES

    def copies(self, count: int) -> int:
        return 0 if self._rng.random() < self._ratio else count
