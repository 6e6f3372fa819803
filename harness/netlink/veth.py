"""
A cable of two interfaces that are both ours: shaped by whatever this kernel has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from ..model.link import LinkShape
from . import netem, nft
from .interface import Interface

T = TypeVar("T")

# Carries out a call where an interface lives.
Call = Callable[[Callable[[], T]], T]


def cannot() -> dict[str, str]:
    """
    What of a `LinkShape` such a cable cannot do here, each with the reason.
    """
    refused = netem.cannot()
    refused.pop("down", None)  # an interface goes down on every kernel
    if "loss" in refused and "loss" not in nft.cannot():
        del refused["loss"]
    return refused


class Wire:
    """
    The cable between a unit and what it is linked to. Each end is called where it lives. Blocking; raises BenchError.
    """

    def __init__(self, name: str, near: Call[None], far: Call[None], near_sees: Call[bool]) -> None:
        self._interface = Interface(name)
        self._near, self._far, self._near_sees = near, far, near_sees
        self._by_filter, self._is_filtered = "latency" in netem.cannot(), False

    def shape(self, shape: LinkShape) -> None:
        """
        Makes the way to the unit like that; a cable that is down is so at its far end, and both ends lose their
        carrier.
        """
        end = self._interface
        lost = LinkShape(loss_ratio=shape.loss_ratio)
        sent = replace(shape, is_down=False, loss_ratio=0.0 if self._by_filter else shape.loss_ratio)
        if self._by_filter and (shape.loss_ratio or self._is_filtered):
            self._is_filtered = True
            self._near(lambda: nft.shape(end, lost))
            self._is_filtered = bool(shape.loss_ratio)
        self._far(lambda: netem.shape(end, sent))
        self._far(lambda: end.set_up(not shape.is_down))

    def carrier(self) -> bool:
        """
        Whether the unit's end has a carrier.
        """
        return self._near_sees(self._interface.carrier)
