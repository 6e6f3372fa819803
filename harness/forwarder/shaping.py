"""
From a link's shape to what is done to each connection: always the same for the same seed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Literal

from ..model.link import LinkShape
from .toxic import Toxic
from .toxics.corrupt import Corrupt
from .toxics.duplicate import Duplicate
from .toxics.latency import Latency
from .toxics.loss import Loss
from .toxics.rate import Rate
from .toxics.reorder import Reorder
from .toxics.reset import Reset
from .toxics.slow_response import SlowResponse

# What a stream of bytes has not: packets that come twice, or in another order.
PACKETS_ONLY = ("duplicate", "reorder")


# Drawing takes a generator for each connection, and those take their time: they are made when the first piece comes.
Make = Callable[[], tuple[Toxic, ...]]


class Shaping:
    """
    One direction of a link as it is shaped now. Connections are numbered from the moment it was, those that were there
    and those that come later each for themselves; each draws for itself.
    """

    def __init__(self, shape: LinkShape) -> None:
        self.shape = shape
        self._rate = Rate(shape.rate_bps) if shape.rate_bps else None
        self._numbers = {"live": 0, "new": 0}
        self._is_clear = not set(shape.asks) - {"down", "refuse"}

    def next(self, which: Literal["live", "new"]) -> Make | None:
        """
        What makes that which is done to the next connection, or to the packets of the next client; None for nothing.
        """
        if self._is_clear:
            return None
        number = self._numbers[which]
        self._numbers[which] += 1
        return partial(self._made, f"{which} {number}")

    def _made(self, whose: str) -> tuple[Toxic, ...]:
        shape = self.shape

        def rng(name: str) -> Random:
            return Random(f"{shape.seed} {name} {whose}")

        toxics: list[Toxic] = []
        if shape.loss_ratio:
            toxics.append(Loss(shape.loss_ratio, rng("loss")))
        if shape.reset_ratio:
            toxics.append(Reset(shape.reset_ratio, rng("reset")))
        if shape.duplicate_ratio:
            toxics.append(Duplicate(shape.duplicate_ratio, rng("duplicate")))
        if shape.corrupt_ratio:
            toxics.append(Corrupt(shape.corrupt_ratio, rng("corrupt")))
        if shape.stall_most_s:
            toxics.append(SlowResponse(shape.stall_least_s, shape.stall_most_s, rng("stall")))
        if self._rate is not None:
            toxics.append(self._rate)
        if shape.latency_s:
            toxics.append(Latency(shape.latency_s, shape.jitter_s, rng("latency")))
        if shape.reorder_ratio:
            toxics.append(Reorder(shape.reorder_ratio, rng("reorder")))
        return tuple(toxics)


def made(make: Make | None) -> tuple[Toxic, ...]:
    """
    What is done to it.
    """
    return () if make is None else make()
