"""
Several durations of one kind: their mean with its error, and how far they spread.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from ..clock import NS_PER_S
from ..model.instant import Span


@dataclass(frozen=True, slots=True)
class Spread:
    """
    `mean` holds the mean of the true durations, `whole` every one of them; `deviation_s` is the standard deviation of
    the middles, which holds the meter's own error as well.
    """

    n: int
    mean: Span
    whole: Span
    deviation_s: float

    @classmethod
    def of(cls, spans: Sequence[Span]) -> Spread | None:
        """
        The spread of durations that have an end; None of none.
        """
        ended = [(span.low_ns, span.high_ns) for span in spans if span.high_ns is not None]
        if not ended:
            return None
        lows, highs = [low for low, _ in ended], [high for _, high in ended]
        middles = [(low + high) / 2 / NS_PER_S for low, high in ended]
        mean = Span(sum(lows) // len(lows), -(-sum(highs) // len(highs)))
        deviation_s = statistics.stdev(middles) if len(middles) > 1 else 0.0
        return cls(len(ended), mean, Span(min(lows), max(highs)), deviation_s)

    def __str__(self) -> str:
        """
        As a person is told of it.
        """
        assert self.whole.high_ns is not None
        low_ms, high_ms = (ns / 1e6 for ns in (self.whole.low_ns, self.whole.high_ns))
        deviation = f"s = {self.deviation_s * 1000:.1f} ms"
        return f"{self.mean} (n = {self.n}, {deviation}, each within {low_ms:.1f} to {high_ms:.1f} ms)"


def milliseconds(seconds: float) -> str:
    """
    Seconds as a rig file says them.

    >>> milliseconds(0.0142)
    '15 ms'
    """
    ms = seconds * 1000
    whole = int(ms) if ms == int(ms) else int(ms) + 1
    return f"{whole} ms"
