"""
Damage.
"""

from __future__ import annotations

from random import Random

from ..toxic import Toxic


class Corrupt(Toxic):
    """
    Flips one bit in a share of the pieces: behind every checksum of the network, so that only the application can tell.
    """

    __slots__ = ("_ratio", "_rng")

    def __init__(self, ratio: float, rng: Random) -> None:
        self._ratio, self._rng = ratio, rng

    def altered(self, data: bytes) -> bytes:
        if not data or self._rng.random() >= self._ratio:
            return data
        damaged = bytearray(data)
        damaged[self._rng.randrange(len(data))] ^= 1 << self._rng.randrange(8)
        return bytes(damaged)
