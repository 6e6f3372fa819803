"""
What a way between a DUT and its surroundings can be asked: to be down, late, lossy; and how it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol, runtime_checkable

from ..model.instant import Instant, Span
from ..model.link import Burst, LinkShape
from .parts import Output


@runtime_checkable
class Link(Output, Protocol):
    """
    A link of a DUT. Safe is clear: nothing is done to it.
    """

    cannot: Mapping[str, str]
    """What of a `LinkShape` it cannot do, by the names of `LinkShape.asks`, each with the reason."""

    loses: Literal["packets", "connections"]
    """What a loss on it takes: a relay cannot lose a packet, only a connection."""

    is_seeded: bool
    """Whether its draws follow `LinkShape.seed`; those of a kernel are its own."""

    sees: frozenset[str]
    """How it can be watched: by its `carrier`, by round `trips`, by `packets` (bursts)."""

    switches: tuple[str, ...]
    """The rig's power switches that it moves, for the guard."""

    async def shape(self, shape: LinkShape) -> Instant:
        """
        Makes the link like that, whatever was asked of it before. Raises UsageError for what it cannot do, DeviceError.
        """

    async def clear(self) -> Instant:
        """
        Has nothing done to the link any more. Raises DeviceError.
        """

    async def carrier(self) -> bool | None:
        """
        Whether the medium is there; None where nothing tells.
        """

    async def round_trip(self) -> Span:
        """
        Across the link and back, as the bench measures it. Raises NoAnswer when nothing comes back; the caller sets the
        deadline. Raises UsageError when the rig does not say across to whom.
        """

    async def burst(self, count: int, size: int, within_s: float) -> Burst:
        """
        Sends `count` packets of `size` bytes at once, and takes in their echoes for `within_s` seconds at most. Raises
        NoAnswer when nobody could be sent to, UsageError where nobody echoes packets.
        """
