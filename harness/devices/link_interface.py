"""
A link that is cut by taking its interface down.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..model.link import LinkShape
from ..protocols import Wiring
from ._wired import WiredConfig, WiredLink

_ONLY = "an interface is up or down, and no more; use `link_netem`, `link_nft`, or a relay"
_CANNOT = dict.fromkeys(
    ("refuse", "latency", "jitter", "loss", "rate", "corrupt", "duplicate", "reorder", "reset", "stall"), _ONLY
)


class LinkInterface(WiredLink):
    """
    `ip link set NAME down`, and up again. What hangs on its other end loses its carrier where the driver turns its
    transmitter off, as veth and most network cards do.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config(WiredConfig):
        """
        It takes no keys but those of an interface.
        """

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        super().__init__(name, config, wiring, _CANNOT)

    def _apply(self, shape: LinkShape) -> None:
        self._interface().set_up(not shape.is_down)
