"""
Several pulses that a line makes by itself.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Train:
    """
    `count` pulses of `width_s`, one every `every_s` (seconds): at once, or `offset_s` after the `after_edges`-th rising
    edge on the input `line` of whoever makes them.
    """

    width_s: float
    count: int = 1
    every_s: float = 0.0
    after_edges: int = 0
    line: int = 0
    offset_s: float = 0.0

    @property
    def length_s(self) -> float:
        """
        From the first pulse's start to the last one's end.
        """
        return (self.count - 1) * self.every_s + self.width_s
