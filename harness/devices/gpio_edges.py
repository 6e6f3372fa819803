"""
Edges on a GPIO line of the bench's computer: a unit's heartbeat pin, a rail's power-good.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from .. import clock
from ..errors import DeviceError, UsageError
from ..model.instant import Instant
from ..protocols import Wiring
from ._io import Blocking
from ._numbered import Numbered

# From the edge to its interrupt's handler, which stamps it: 16 to 60 µs as measured on Linux 6.1, more where interrupts
# are held off. And the stamp is a float of seconds, good to less than a microsecond.
_BEFORE_STAMP_NS = 1_000_000
_STAMP_NS = 1_000


class GpioEdges:
    """
    Counts and stamps the edges of one line since it was opened. The kernel keeps sixteen that nobody has taken, and
    drops the oldest of more without a word: enough for a heartbeat, not for a count of kilohertz, which is what
    `board_edges` is for.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        `pin` by its BCM number. The last `keep` edges are remembered.
        """

        pin: int
        edges: Literal["rising", "falling", "both"] = "both"
        pull: Literal["floating", "up", "down"] = "floating"
        keep: int = 100_000

        def __post_init__(self) -> None:
            if self.pin < 0:
                raise ValueError("pin must be a line's number, from 0 up")
            if self.keep < 1:
                raise ValueError("keep must be at least 1")

        def resources(self) -> tuple[str, ...]:
            """
            The line that it watches.
            """
            return (f"pin {self.pin}",)

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        self.name, self._config, self._wiring = name, config, wiring
        self._seen: Numbered[tuple[Instant, int]] = Numbered(name, config.keep)
        self._io = Blocking(name)
        self._pin: Any = None
        self._soon: Callable[..., Any] | None = None

    async def open(self) -> None:
        """
        Takes the line as an input. Raises DeviceError when it cannot be had, UsageError where edges come without the
        kernel's time of them: gpiozero's own factories stamp them when their thread gets round to it, or on a clock of
        their own.
        """
        self._seen = Numbered(self.name, self._config.keep)
        self._soon = asyncio.get_running_loop().call_soon_threadsafe
        self._pin = await self._io.call(self._claim)

    async def aclose(self) -> None:
        """
        Lets go of the line.
        """
        self._soon = None
        if self._pin is not None:
            pin, self._pin = self._pin, None
            await self._io.call(pin.close)

    async def count(self) -> int:
        """
        How many edges there were since it was opened.
        """
        return self._opened().count

    async def since(self, at: Instant) -> list[tuple[Instant, int]]:
        """
        Every edge that may have come at that moment or after it, and the level it led to. Raises DeviceError when not
        all of those are remembered.
        """
        seen = self._opened()
        kept = seen.since(max(0, seen.count - self._config.keep))[1]
        found = [edge for edge in kept if edge[0].latest_ns >= at.earliest_ns]
        if len(found) == len(kept) < seen.count:
            raise DeviceError(self.name, f"remembers its last {self._config.keep} edges only; ask sooner, or keep more")
        return found

    def _opened(self) -> Numbered[tuple[Instant, int]]:
        if self._pin is None:
            raise DeviceError(self.name, "is not open")
        return self._seen

    def _claim(self) -> Any:
        factory = self._wiring.pin_factory()
        if not getattr(factory, "stamps_edges", False):
            rig = self._wiring.rig
            name = "" if rig.gpio is None else rig.gpio.factory
            problem = f"'{name}' does not tell when an edge of '{self.name}' came; write `factory = \"gpiochip\"`"
            raise UsageError(problem, file=str(rig.path), key="gpio.factory")
        pin = factory.pin(self._config.pin)
        pin.function = "input"
        pin.pull = self._config.pull
        pin.edges = self._config.edges
        pin.when_changed = self._changed
        return pin

    def _changed(self, ticks_s: float, level: int) -> None:
        """
        In gpiozero's thread.
        """
        at_ns = round(ticks_s * clock.NS_PER_S)
        edge = Instant(at_ns - _BEFORE_STAMP_NS, at_ns + _STAMP_NS), int(level)
        if self._soon is not None:
            self._soon(self._seen.append, edge)
