"""
A switch, the rail behind it and its meter, as simple as they can be: the rail follows a stroke after 5 ms.
"""

from __future__ import annotations

from typing import Any

import anyio

from harness import clock
from harness.errors import DeviceError
from harness.model.instant import Instant
from harness.model.reading import Flag, Reading
from tests.faults.batteries import Cast

MS = 10**6
DELAY_NS = 5 * MS


class Switch:
    """
    A power switch that writes down its strokes. Of its calls, those that are named by their number fail, before or
    `after` they have acted. Without it, the rail is at `held_v`, once it has fallen for `hold_ms`.
    """

    name = "mains"
    chatter_s, min_on_s, min_off_s, min_pulse_s, cycles_per_hour = 0.001, 0.0, 0.0, 0.02, 1000

    def __init__(
        self, *fails_at: int, after: bool = False, is_welded: bool = False, held_v: float = 0.0, hold_ms: int = 0
    ) -> None:
        self._fails_at, self._after, self._is_welded = fails_at, after, is_welded
        self._held_v, self._hold_ns = held_v, hold_ms * MS
        self.calls = 0
        self.strokes: list[tuple[int, bool]] = []

    async def open(self) -> None: ...

    async def aclose(self) -> None: ...

    async def on(self) -> Instant:
        return self._stroke(True)

    async def off(self) -> Instant:
        return self._stroke(False)

    async def is_on(self) -> bool:
        return not self.strokes or self.strokes[-1][1]

    async def make_safe(self) -> None:
        await self.on()

    async def undo(self, action: str) -> None:
        await self.on()

    def volts(self, at_ns: int) -> float:
        """
        What the rail has at a moment.
        """
        moved = [(since_ns + DELAY_NS, on) for since_ns, on in self.strokes if since_ns + DELAY_NS <= at_ns]
        if self._is_welded or not moved or moved[-1][1]:
            return 5.0
        return self._held_v if at_ns >= moved[-1][0] + self._hold_ns else max(1.0, self._held_v)

    @property
    def rhythm(self) -> list[tuple[int, bool]]:
        """
        Its strokes, in milliseconds since the first.
        """
        return [((at_ns - self.strokes[0][0]) // MS, on) for at_ns, on in self.strokes]

    def _stroke(self, on: bool) -> Instant:
        self.calls += 1
        fails = self.calls in self._fails_at
        if not fails or self._after:
            self.strokes.append((clock.now_ns(), on))
        if fails:
            raise DeviceError(self.name, "does not work")
        return Instant.exactly(clock.now_ns())


class Meter:
    """
    A meter of a switch's rail, with a reading every 2 ms, or one that says that it has none. What is fed draws 0.3 A
    from `boots_ms` after its rail's rise.
    """

    name, period_s = "monitor", 0.002

    def __init__(self, switch: Switch, flag: Flag = Flag.OK, boots_ms: int = 0) -> None:
        self._switch, self.flag, self._boots_ns = switch, flag, boots_ms * MS

    async def open(self) -> None: ...

    async def aclose(self) -> None: ...

    async def read(self, after_ns: int | None = None) -> Reading:
        began_ns = clock.now_ns()
        await anyio.sleep(self.period_s)
        at = Instant(began_ns, clock.now_ns())
        if self.flag is not Flag.OK:
            return Reading(at, self.flag)
        fed_ns = max((since_ns for since_ns, _ in self._switch.strokes), default=-DELAY_NS) + DELAY_NS
        volts = self._switch.volts(at.latest_ns)
        draws = volts > 4.0 and at.latest_ns >= fed_ns + self._boots_ns
        return Reading(at, Flag.OK, volts, 0.3 if draws else 0.0)


def supplied(
    switch: Switch | None = None, flag: Flag = Flag.OK, *, boots_ms: int = 0, **more: Any
) -> tuple[Cast, Switch]:
    """
    The roles of a DUT behind a switch, and that switch.
    """
    switch = switch or Switch()
    return Cast(power=switch, meter=Meter(switch, flag, boots_ms), **more), switch
