"""
A link on which the kernel's packet filter drops packets, where there is no netem.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..model.link import LinkShape
from ..netlink import nft
from ..protocols import Wiring
from ._wired import WiredConfig, WiredLink


class LinkNft(WiredLink):
    """
    nftables drops a random share of what comes in by the interface, in a table of its own, which is deleted to clear.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config(WiredConfig):
        """
        It takes no keys but those of an interface.
        """

    is_seeded = False

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        super().__init__(name, config, wiring, nft.cannot())

    def _apply(self, shape: LinkShape) -> None:
        nft.shape(self._interface(), shape)
