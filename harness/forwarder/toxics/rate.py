"""
Narrowness.
"""

from __future__ import annotations

from ..toxic import Toxic


class Rate(Toxic):
    """
    One bit after the other, at so many a second. One of these stands for a whole link: those who share it wait for each
    other.
    """

    __slots__ = ("_bps", "_free_s")

    def __init__(self, rate_bps: float) -> None:
        self._bps, self._free_s = rate_bps, 0.0

    def due_s(self, at_s: float, size: int, is_answer: bool) -> float:
        self._free_s = max(self._free_s, at_s) + 8 * size / self._bps
        return self._free_s
