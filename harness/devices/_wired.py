"""
What the links share that are an interface of this machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import DeviceError, UsageError
from ..netlink.interface import Interface
from ..protocols import Wiring
from ._link_device import LinkDevice

_LAB = "lab:"


@dataclass(frozen=True, slots=True, kw_only=True)
class WiredConfig:
    """
    The interface by its name, in the namespace `netns` (a path, or a name of `ip netns`) where that is not the
    machine's own; `lab:NAME` is a cable of the lab.

    `across`: who answers behind the link: `udp-echo HOST:PORT`, `echo HOST:PORT`, or a device of the rig that can be
    pinged, asked by HTTP, or connected to. An interface on which the operator's default route or SSH session hangs is
    refused, unless it is `forced`.
    """

    interface: str
    netns: str = ""
    across: str = ""
    forced: bool = False

    def __post_init__(self) -> None:
        if not self.interface:
            raise UsageError("must name an interface, like eth1", key="interface")

    def resources(self) -> tuple[str, ...]:
        """
        The interface that it occupies.
        """
        return (f"interface {self.interface}{' of ' + self.netns if self.netns else ''}",)


class WiredLink(LinkDevice):
    """
    A link that is an interface. It is looked up when it is opened, and when it is cleared without having been.
    """

    def __init__(self, name: str, config: WiredConfig, wiring: Wiring, cannot: Mapping[str, str]) -> None:
        super().__init__(name, config.across, wiring, cannot)
        self.config = config
        self.sees |= {"carrier"}
        if config.interface.startswith(_LAB) and not config.across:
            self.sees |= {"trips", "packets"}
        self._found: Interface | None = None

    async def carrier(self) -> bool | None:
        """
        Whether the interface is up and has a carrier. Raises DeviceError.
        """
        seen: list[bool] = []
        await self._call(lambda: seen.append(self._interface().carrier()))
        return seen[0]

    def _look(self) -> None:
        interface = self._interface()
        theirs = interface.whose()
        if theirs and not self.config.forced:
            raise DeviceError(self.name, f"{theirs} hangs on {interface.name}: name another, or say `forced = true`")

    def _interface(self) -> Interface:
        if self._found is None:
            name, netns = self.config.interface, self.config.netns
            if name.startswith(_LAB):
                end = self._wiring.link(name.removeprefix(_LAB))
                if not end.interface:
                    raise UsageError(f"'{name}' is a relay, and no interface; use kind 'lab_link'", key="interface")
                name, netns = end.interface, end.netns
                if not self.config.across:
                    self._measure(end.probe)
            self._found = Interface(name, netns)
        return self._found
