"""
A link that the lab plays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ..errors import UsageError, nearest
from ..model.link import LinkShape
from ..protocols import Wiring
from ._link_device import LinkDevice

_CANNOT_RELAY = dict.fromkeys(
    ("duplicate", "reorder"), "a relay carries a stream of bytes, which has no packets to double or to overtake"
)


class LabLink(LinkDevice):
    """
    Asks the lab, which shapes it: a relay by itself, a cable by what the kernel has.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        `link` is its name in the rig's world.
        """

        link: str

        def resources(self) -> tuple[str, ...]:
            """
            The link that it occupies.
            """
            return (f"link '{self.link}'",)

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        world = wiring.rig.world
        links = {} if world is None or not wiring.rig.is_lab else world.links
        if config.link not in links:
            problem = f"there is no link '{config.link}' in a lab; {nearest(config.link, links, what='such link')}"
            raise UsageError(problem, key="link")
        is_relay = links[config.link].kind == "relay"
        super().__init__(name, "", wiring, _CANNOT_RELAY if is_relay else _a_cable_cannot())
        self.loses: Literal["packets", "connections"] = "connections" if is_relay else "packets"
        self.is_seeded = is_relay
        self.sees = frozenset({"trips", "packets"} if is_relay else {"carrier", "trips", "packets"})
        self.config = config
        self._end: Any = None

    async def carrier(self) -> bool | None:
        """
        Whether the unit sees a carrier; None for a relay, which has none. Raises DeviceError.
        """
        if self.loses == "connections":
            return None
        seen: list[bool | None] = []
        await self._call(lambda: seen.append(self._found().carrier()))
        return seen[0]

    def _look(self) -> None:
        self._found()

    def _apply(self, shape: LinkShape) -> None:
        self._found().shape(shape)

    def _found(self) -> Any:
        if self._end is None:
            self._end = self._wiring.link(self.config.link)
            self._measure(self._end.probe)
        return self._end


def _a_cable_cannot() -> dict[str, str]:
    from ..netlink import veth  # and with it what talks to the kernel: a relay needs none

    return veth.cannot()
