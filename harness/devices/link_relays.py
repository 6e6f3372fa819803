"""
A cable with relays in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import anyio

from ..clock import now_ns
from ..errors import DeviceError, UsageError
from ..model.instant import Instant
from ..model.link import LinkShape
from ..protocols import PowerSwitch, Wiring
from ._link_device import LinkDevice

_ONLY = "a contact is open or closed, and no more; use `link_netem`, or a relay of the network's kind"
_CANNOT = dict.fromkeys(
    ("refuse", "latency", "jitter", "loss", "rate", "corrupt", "duplicate", "reorder", "reset", "stall"), _ONLY
)


class LinkRelays(LinkDevice):
    """
    A pair of relays in a cable's wires, struck as one: both open, or both closed. Normally closed contacts leave the
    cable whole when the bench is dead.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        `relays` are the rig's power switches in the cable: two, for the two pairs of 100BASE-TX, or as many as there
        are. `interface` is one of this machine's behind the cable, whose carrier shows the cut; `across` as for any
        link.
        """

        relays: tuple[str, ...]
        interface: str = ""
        netns: str = ""
        across: str = ""

        def __post_init__(self) -> None:
            if not self.relays or len(set(self.relays)) != len(self.relays):
                raise UsageError('must be one or more of the rig\'s relays, each once, like ["tx", "rx"]', key="relays")

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        super().__init__(name, config.across, wiring, _CANNOT)
        self.config, self.switches = config, config.relays
        if config.interface:
            self.sees |= {"carrier"}

    async def open(self) -> None:
        """
        Finds the relays, which are open and at their safe levels by themselves. Raises UsageError.
        """
        self._relays()

    async def shape(self, shape: LinkShape) -> Instant:
        """
        Opens or closes both. Raises UsageError for anything else, DeviceError.
        """
        for asked in shape.asks:
            if asked in self.cannot:
                raise UsageError(f"'{self.name}' cannot do '{asked}': {self.cannot[asked]}")
        return await self._strike(shape.is_down)

    async def clear(self) -> Instant:
        """
        Closes both. Raises DeviceError.
        """
        return await self._strike(False)

    async def carrier(self) -> bool | None:
        """
        Whether the interface behind the cable has a carrier; None where none is named. Raises DeviceError.
        """
        if not self.config.interface:
            return None
        from ..netlink.interface import Interface  # and with it what talks to the kernel: contacts need none

        interface = Interface(self.config.interface, self.config.netns)
        seen: list[bool] = []
        await self._call(lambda: seen.append(interface.carrier()))
        return seen[0]

    async def _strike(self, is_open: bool) -> Instant:
        """
        Every one of them is struck, whatever becomes of the others.
        """
        called_ns, failed = now_ns(), list[DeviceError]()

        async def strike(relay: PowerSwitch) -> None:
            try:
                await (relay.off() if is_open else relay.on())
            except DeviceError as error:
                failed.append(error)

        async with anyio.create_task_group() as tasks:
            for relay in self._relays():
                tasks.start_soon(strike, relay)
        if failed:
            raise DeviceError(self.name, "; ".join(str(error) for error in failed))
        return Instant(called_ns, now_ns())

    def _relays(self) -> list[PowerSwitch]:
        found = [self._wiring.device(name) for name in self.config.relays]
        for name, relay in zip(self.config.relays, found, strict=True):
            if not isinstance(relay, PowerSwitch):
                raise UsageError(f"'{name}' is no relay, nor any other power switch", key="relays")
        return found
