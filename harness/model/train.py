"""
Several pulses that a line makes by itself.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Train:
    """
    `count` pulses of `width_s`, one every `every_s` (seconds): at once, or `offset_s` after the `after_edges`-th rising
    edge on the input `line` of whoever makes them. Each width and gap is longer by up to `jitter_s`, drawn by `seed`.
    """

    width_s: float
    count: int = 1
    every_s: float = 0.0
    after_edges: int = 0
    line: int = 0
    offset_s: float = 0.0
    jitter_s: float = 0.0
    seed: int = 1

    @property
    def length_s(self) -> float:
        """
        From the first pulse's start to the last one's end, at most.
        """
        return (self.count - 1) * (self.every_s + 2 * self.jitter_s) + self.width_s + self.jitter_s
