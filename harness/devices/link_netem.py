"""
A link that the kernel's own emulator makes bad.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import DeviceError
from ..model.link import LinkShape
from ..netlink import netem
from ..protocols import Wiring
from ._wired import WiredConfig, WiredLink


class LinkNetem(WiredLink):
    """
    `netem`, and `tbf` for a rate, on what the interface sends: put it where the way to the DUT begins. Cleared by being
    deleted, and added anew each time; an interface that has a queueing discipline of somebody else's is refused.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config(WiredConfig):
        """
        It takes no keys but those of an interface.
        """

    is_seeded = False

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        super().__init__(name, config, wiring, netem.cannot())

    def _look(self) -> None:
        super()._look()
        interface = self._interface()
        if theirs := netem.theirs(interface):
            told = f"{interface.name} has a queueing discipline of its own ({theirs}), which a fault would replace"
            raise DeviceError(self.name, f"{told}: delete it, or name another interface")

    def _apply(self, shape: LinkShape) -> None:
        netem.shape(self._interface(), shape)
