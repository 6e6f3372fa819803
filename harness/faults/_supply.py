"""
What the supply faults share: a switch, the meter on the same rail, and proof by the rail's own crossings.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Self

import anyio

from .. import clock
from ..errors import NotProven
from ..insist import answered, insist, patience, reading_s
from ..model.instant import Instant, Span
from ..model.reading import Reading
from ..model.rig import DutSpec
from ..model.undo import Undo
from ..protocols import PowerMeter, PowerSwitch, Roles
from ..science.crossing import Crossing

# Hold-up is counted from the rail's leaving 90 % of its nominal voltage (the usual 10 %..90 % rule of edges).
_LEFT_NOMINAL = 0.9

# A reading is over within so many conversions from now.
_A_READING = 3


@dataclass(frozen=True, slots=True)
class Supply:
    """
    A DUT's supply as a fault sees it.
    """

    switch: PowerSwitch
    meter: PowerMeter
    dut: DutSpec

    @classmethod
    def of(cls, role: str, roles: Roles) -> Self:
        """
        The supply behind a power role. Raises UsageError when the DUT has no meter: a cut must be proven.
        """
        meter = roles.get(roles.sibling(role, "meter"), PowerMeter)
        return cls(roles.get(role, PowerSwitch), meter, roles.dut(role))

    @property
    def undo(self) -> tuple[Undo, ...]:
        """
        What undoes any supply fault.
        """
        return (Undo(device=self.switch.name, action="on"),)

    def levels_v(self, effective_below_v: float | None, removed_above_ratio: float) -> tuple[float, float]:
        """
        Below which voltage a fault is effective (by default the DUT's brown-out level), above which it is removed.
        """
        below_v = self.dut.brown_out_v if effective_below_v is None else effective_below_v
        return below_v, removed_above_ratio * self.dut.nominal_v

    @asynccontextmanager
    async def interrupted(self, strike: SupplyStrike) -> AsyncIterator[SupplyStrike]:
        """
        Cuts the supply, and on leaving restores it, insisting, whatever happened in between.
        """
        await strike.look_before()
        try:
            strike.commanded = await self.off()
            yield strike
        finally:
            asked_ns = clock.now_ns()
            fed = await insist(self.switch.name, self.switch.on)
            # A stroke that failed may have acted all the same.
            strike.removal_commanded = Instant(min(asked_ns, fed.earliest_ns), fed.latest_ns)

    async def off(self) -> Instant:
        """
        Starves the DUT. Raises DeviceError, also when the switch does not answer in time.
        """
        return await answered(self.switch.name, self.switch.off)

    async def on(self) -> Instant:
        """
        Feeds the DUT. Raises DeviceError, also when the switch does not answer in time.
        """
        return await answered(self.switch.name, self.switch.on)

    async def read(self, after_ns: int | None) -> Reading:
        """
        Its rail's next reading, see `PowerMeter.read`. Raises DeviceError when the meter does not answer in time.
        """
        return await answered(self.meter.name, partial(self.meter.read, after_ns), reading_s(self.meter.period_s))

    def patience(self) -> AbstractContextManager[Callable[[], None]]:
        """
        The deadline of one reading after the other, see `harness.insist.patience`.
        """
        return patience(self.meter.name, reading_s(self.meter.period_s))


class SupplyStrike:
    """
    A supply fault under way: effective at the rail's fall below `levels_v[0]`, removed at its rise above `levels_v[1]`.
    """

    commanded: Instant
    removal_commanded: Instant | None = None
    hold_up: Span | None = None
    is_repeated = False
    """Whether the supply was interrupted more than once."""
    delivered = ""
    """What a pattern of its own delivered, in one clause."""

    def __init__(
        self,
        supply: Supply,
        levels_v: tuple[float, float],
        prove_s: float,
        pattern: Callable[[SupplyStrike], Awaitable[None]],
    ) -> None:
        self._supply, self._pattern, self._prove_s = supply, pattern, prove_s
        chatter_ns = round(supply.switch.chatter_s * clock.NS_PER_S)
        self._left = Crossing(_LEFT_NOMINAL * supply.dut.nominal_v, rising=False, chatter_ns=chatter_ns)
        self._fell = Crossing(levels_v[0], rising=False, chatter_ns=chatter_ns)
        self._rose = Crossing(levels_v[1], rising=True, chatter_ns=chatter_ns)
        self._last: Reading | None = None
        self._read_ns: int | None = None
        self._seen = anyio.Event()

    async def look_before(self) -> None:
        """
        Reads the rail before anything is done to it: a fall must start from above.

        Raises NotProven when the meter is silent or the rail is down already.
        """
        await self._read(self._left, self._fell)
        if not self._fell.has_near:
            raise NotProven(f"{self._saw()} before anything was done: a cut could not be proven")

    async def effective(self) -> Instant:
        """
        Waits for the rail's fall. Ends only by that, or by being cancelled.

        Seen after the first interruption only, it may have been unseen before: then it is as old as the command.
        """
        with self._supply.patience() as again:
            while self._fell.found is None or self._may_move_again(self.commanded):
                again()
                await self._feed(await self._supply.meter.read(self._read_ns), self._left, self._fell)
        assert self._fell.found is not None
        self._seen.set()
        if self.is_repeated:
            return Instant(min(self.commanded.earliest_ns, self._fell.found.earliest_ns), self._fell.found.latest_ns)
        if self._left.found is not None and self._fell.threshold <= self._left.threshold:
            self.hold_up = Span.between(self._left.found, self._fell.found)
        return self._fell.found

    def why_not(self) -> str:
        """
        What the meter saw instead of the effect.
        """
        cause = "back-powered" if self._is_held else "welded contact, bypass"
        return f"the supply was commanded off, but {self._saw()}: {cause}, or too short a cut?"

    async def last(self) -> None:
        """
        Lets the fault run its course.
        """
        await self._pattern(self)

    async def fall(self) -> Instant:
        """
        Waits until `effective` has seen the rail's fall. Ends only by that, or by being cancelled.
        """
        await self._seen.wait()
        assert self._fell.found is not None
        return self._fell.found

    @property
    def has_fallen(self) -> bool:
        """
        Whether the rail's fall was seen.
        """
        return self._seen.is_set()

    async def reading(self, shows: Callable[[Reading], bool], within_s: float, told: str) -> Reading:
        """
        The next reading that shows something. Raises NotProven, with what was `told` to whom, when none does in time.
        """
        with anyio.move_on_after(within_s):
            while True:
                reading = await self._read()
                if reading is not None and shows(reading):
                    return reading
        raise NotProven(f"{told}, but {self._saw()}")

    async def discharge(self, below_v: float, until_ns: int) -> None:
        """
        Waits until the rail was read below a voltage, at most until a moment of the bench clock.

        Raises NotProven when a meter that is well still reads more by then of a rail that fell.
        """
        within_s = max(0, until_ns - clock.now_ns()) / clock.NS_PER_S
        with anyio.move_on_after(within_s):
            await self.fall()
            with self._supply.patience() as again:
                while True:
                    again()
                    reading = await self._feed(await self._supply.meter.read(self._read_ns))
                    if reading is not None and (reading.bus_v or 0.0) < below_v:
                        return
        if self.has_fallen and self._last is not None and self._last.bus_v is not None:
            off_s = (clock.now_ns() - self.commanded.earliest_ns) / clock.NS_PER_S
            raise NotProven(
                f"{self._saw()} after {off_s:.3g} s off, not below {below_v:.2f} V: the rail did not discharge: "
                "back-powered, or too short a wait"
            )

    async def removed(self) -> Instant:
        """
        Waits for the rail's rise. Raises NotProven, naming the switch, when it was not seen in time.
        """
        commanded, rose = self.removal_commanded, self._rose
        assert commanded is not None
        # Until the contact has moved, a rail that is up may still be on its way down.
        self._read_ns = commanded.earliest_ns
        moved_ns = self._moved_ns(commanded)
        with anyio.move_on_after(self._prove_s), self._supply.patience() as again:
            while rose.found is None or self._may_move_again(commanded):
                again()
                reading = await self._feed(await self._supply.meter.read(self._read_ns), rose)
                if reading is not None and not rose.has_near and reading.at.earliest_ns >= moved_ns:
                    # Up, and not seen down: if it was down, it rose between the command and now.
                    return Instant(commanded.earliest_ns, reading.at.latest_ns + rose.chatter_ns)
            return rose.found
        raise NotProven(f"{self._supply.switch.name}: the supply was commanded on, but {self._saw()}")

    def _moved_ns(self, commanded: Instant) -> int:
        """
        When the contact has moved and come to rest, as far as the switch makes an interruption of its shortest.
        """
        return commanded.latest_ns + round(self._supply.switch.min_pulse_s * clock.NS_PER_S)

    def _may_move_again(self, commanded: Instant) -> bool:
        """
        Whether what was seen of the rail may be undone by a contact that still moves, and the next reading would be
        over before it has. Then the crossing is looked at until it stands.
        """
        next_ns = clock.now_ns() + _A_READING * round(self._supply.meter.period_s * clock.NS_PER_S)
        return next_ns < self._moved_ns(commanded)

    async def _read(self, *crossings: Crossing) -> Reading | None:
        """
        Feeds the rail's next reading to `crossings`; returns None when it cannot be believed.
        """
        return await self._feed(await self._supply.read(self._read_ns), *crossings)

    async def _feed(self, reading: Reading, *crossings: Crossing) -> Reading | None:
        self._last, self._read_ns = reading, reading.at.latest_ns
        if not reading.is_ok or reading.bus_v is None:
            await anyio.sleep(self._supply.meter.period_s)
            return None
        for crossing in crossings:
            crossing.feed(reading.bus_v, reading.at)
        return reading

    @property
    def _is_held(self) -> bool:
        """
        Whether the rail was read off its nominal voltage last: its contact opened, and something else holds it up.
        """
        last_v = None if self._last is None else self._last.bus_v
        return last_v is not None and last_v < self._left.threshold

    def _saw(self) -> str:
        meter = self._supply.meter.name
        if self._last is None:
            return f"'{meter}' was never read"
        if self._last.bus_v is None:
            return f"'{meter}' gave no reading ({self._last.flag})"
        return f"'{meter}' read {self._last.bus_v:.2f} V"
