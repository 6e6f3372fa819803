"""
A link of a rig in virtual time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..clock import now_ns
from ..errors import DeviceError, UsageError
from ..model.instant import Instant, Span
from ..model.link import CLEAR, Burst, LinkShape
from ..protocols import Wiring


class SimLink:
    """
    Stands where `lab_link` or one of the kernel's links stands on other rigs; `link` names it in the rig's world.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        The link's name; and what of a LinkShape it shall refuse, for the sake of trying that.
        """

        link: str
        cannot: tuple[str, ...] = ()

        def resources(self) -> tuple[str, ...]:
            """
            The link that it occupies.
            """
            return (f"link '{self.link}'",)

    loses: Literal["packets", "connections"] = "packets"
    is_seeded = True
    sees = frozenset({"trips", "packets"})
    switches: tuple[str, ...] = ()

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        self.name = name
        self.cannot: Mapping[str, str] = dict.fromkeys(config.cannot, "the rig file says so")
        self._config, self._wiring = config, wiring
        self._link: Any = None

    async def open(self) -> None:
        """
        Finds the link. Raises UsageError when the rig's world has none of that name.
        """
        self._link = self._wiring.link(self._config.link)

    async def aclose(self) -> None:
        """
        Lets go of the link.
        """

    async def shape(self, shape: LinkShape) -> Instant:
        """
        Makes the link like that. Raises UsageError for what it cannot do.
        """
        for asked in shape.asks:
            if asked in self.cannot:
                raise UsageError(f"'{self.name}' cannot do '{asked}': {self.cannot[asked]}")
        self._found().shape(shape)
        return Instant.exactly(now_ns())

    async def clear(self) -> Instant:
        """
        Has nothing done to it any more.
        """
        self._found().shape(CLEAR)
        return Instant.exactly(now_ns())

    async def make_safe(self) -> None:
        """
        Clears it.
        """
        await self.clear()

    async def undo(self, action: str) -> None:
        """
        Does `clear`. Raises DeviceError, also for another action.
        """
        if action != "clear":
            raise DeviceError(self.name, f"cannot undo by '{action}': a link knows 'clear'")
        await self.clear()

    async def carrier(self) -> bool | None:
        """
        Nothing tells: a link may be cut far from its end.
        """
        return None

    async def round_trip(self) -> Span:
        """
        Across the link and back. Raises NoAnswer. The caller sets the deadline.
        """
        began_ns = now_ns()
        await self._found().round_trip()
        return Span(0, now_ns() - began_ns)

    async def burst(self, count: int, size: int, within_s: float) -> Burst:
        """
        Packets across it, and their echoes.
        """
        burst: Burst = await self._found().burst(count, size, within_s)
        return burst

    def shapes(self, since_ns: int) -> list[tuple[int, LinkShape]]:
        """
        For truth: how the link was, from each moment on (nanoseconds).
        """
        shapes: list[tuple[int, LinkShape]] = self._found().shapes(since_ns)
        return shapes

    def _found(self) -> Any:
        if self._link is None:
            raise DeviceError(self.name, "is not open")
        return self._link
