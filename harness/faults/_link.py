"""
What the link faults share: a link to shape, and proof by what the bench itself sees across it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio

from .. import clock
from ..errors import NotProven, UsageError
from ..insist import answered, insist
from ..model.drill import FaultSpec
from ..model.instant import Instant, Span
from ..model.link import LinkShape
from ..model.undo import Undo
from ..protocols import Link, NoAnswer, Roles

# One packet may get lost on any link; two in a row on one that is well are a cut.
_SILENT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Measuring:
    """
    How the link is watched: measured again after `look`, each time with so much patience for an `answer`; `prove` is by
    when it must be seen as it was.
    """

    look_s: float = 0.05
    answer_s: float = 0.3
    prove_s: float = 10.0

    def __post_init__(self) -> None:
        for key, value in (("look", self.look_s), ("answer", self.answer_s), ("prove", self.prove_s)):
            if value <= 0:
                raise UsageError("must be more than 0", key=key)


@dataclass(frozen=True, slots=True)
class Trip:
    """
    A round trip that was asked for: when, when that was settled, and how long it took (ns); None for silence.
    """

    asked_ns: int
    settled_ns: int
    took_ns: int | None

    @property
    def told(self) -> str:
        """
        What came of it, in words.
        """
        return "nothing came back" if self.took_ns is None else f"a round trip took {self.took_ns / 1e6:.1f} ms"


class Line:
    """
    A link as a fault sees it. Raises UsageError for a shape that the link cannot take, or that nobody could see.
    """

    def __init__(self, spec: FaultSpec, shape: LinkShape, measuring: Measuring, sight: str, roles: Roles) -> None:
        self.link, self.shape, self.measuring = roles.get(spec.role, Link), shape, measuring
        for asked in shape.asks:
            if asked in self.link.cannot:
                raise UsageError(f"'{self.link.name}' cannot do '{asked}': {self.link.cannot[asked]}")
        if not self.link.sees & ({"carrier", "trips"} if sight == "any" else {sight}):
            needed = "or name its interface" if sight == "any" else f"so that it can be measured by {sight}"
            raise UsageError(
                f"nobody could see the effect on '{self.link.name}'; say whom to ask `across` it, {needed}"
            )
        self.last: Trip | None = None

    @property
    def undo(self) -> tuple[Undo, ...]:
        """
        What undoes any link fault.
        """
        return (Undo(device=self.link.name, action="clear"),)

    @property
    def dice(self) -> str:
        """
        Who draws what is drawn, where that is not the run's seed.
        """
        if self.link.is_seeded or not self.shape.is_drawn:
            return ""
        return f"{self.link.name} is not seeded: what becomes of which packet is the kernel's own dice"

    def strikes(self, shortest_s: float, count: int = 1) -> tuple[tuple[str, float, int], ...]:
        """
        For the guard: the link, and the switches that it moves.
        """
        return tuple((name, shortest_s, count) for name in (self.link.name, *self.link.switches))

    async def make(self, shape: LinkShape | None) -> Instant:
        """
        Shapes the link, or clears it. Raises DeviceError, also when it does not answer in time.
        """
        if shape is None:
            return await answered(self.link.name, self.link.clear)
        return await answered(self.link.name, lambda: self.link.shape(shape))

    async def trip(self, patience_s: float | None = None) -> Trip:
        """
        Asks for one round trip, with the usual patience or another.
        """
        asked_ns, took_ns = clock.now_ns(), None
        with anyio.move_on_after(self.measuring.answer_s if patience_s is None else patience_s):
            try:
                took_ns = (await self.link.round_trip()).high_ns
            except NoAnswer:
                took_ns = None
        self.last = Trip(asked_ns, clock.now_ns(), took_ns)
        return self.last

    async def has_carrier(self) -> bool | None:
        """
        Whether the medium is there, as far as anything tells. Raises DeviceError.
        """
        if "carrier" not in self.link.sees:
            return None
        return await answered(self.link.name, self.link.carrier)

    async def pause(self) -> None:
        """
        Waits until the next look is due.
        """
        asked_ns = clock.now_ns() if self.last is None else self.last.asked_ns
        await clock.sleep_until(asked_ns + round(self.measuring.look_s * clock.NS_PER_S))

    def told(self) -> str:
        """
        What was seen last, in words.
        """
        return "it was never measured" if self.last is None else self.last.told

    @asynccontextmanager
    async def struck(self, strike: LinkStrike) -> AsyncIterator[LinkStrike]:
        """
        Shapes the link, and on leaving clears it, insisting, whatever happened in between.
        """
        await strike.look_before()
        try:
            strike.commanded = await self.make(self.shape)
            yield strike
        finally:
            asked_ns = clock.now_ns()
            cleared = await insist(self.link.name, self.link.clear)
            # A command that failed may have acted all the same.
            strike.removal_commanded = Instant(min(asked_ns, cleared.earliest_ns), cleared.latest_ns)


class LinkStrike:
    """
    A link fault under way. What shows its effect and its removal is its kind's own.
    """

    commanded: Instant
    removal_commanded: Instant | None = None
    hold_up: Span | None = None
    delivered = ""
    """What was measured of it, in one clause."""

    def __init__(self, line: Line, pattern: Callable[[LinkStrike], Awaitable[None]]) -> None:
        self.line, self._pattern = line, pattern

    async def look_before(self) -> None:
        """
        Looks at the link before anything is done to it. Raises NotProven when it is not as it should be.
        """
        if await self.line.has_carrier() is False:
            raise NotProven(f"'{self.line.link.name}' had no carrier before anything was done")
        if "trips" in self.line.link.sees and (await self._first()).took_ns is None:
            raise NotProven(f"nothing came back across '{self.line.link.name}' before anything was done")

    async def effective(self) -> Instant:
        """
        Waits until the effect was seen. Ends only by that, or by being cancelled.
        """
        raise NotImplementedError

    def why_not(self) -> str:
        """
        What was seen instead.
        """
        return f"'{self.line.link.name}' was commanded, but {self.line.told()}: is the link another one?"

    async def last(self) -> None:
        """
        Lets the fault run its course.
        """
        await self._pattern(self)

    async def removed(self) -> Instant:
        """
        Waits until the link was seen as it had been. Raises NotProven when it was not in time.
        """
        with anyio.move_on_after(self.line.measuring.prove_s):
            return await self.gone()
        raise NotProven(f"{self.line.link.name}: the link was cleared, but {self.line.told()}")

    async def gone(self) -> Instant:
        """
        Waits until the effect is seen to be gone; the caller sets the deadline.
        """
        raise NotImplementedError

    async def _first(self) -> Trip:
        """
        A round trip; a first one may find an address that has yet to be looked up, or a link that is waking.
        """
        trip = await self.line.trip()
        return trip if trip.took_ns is not None else await self.line.trip()


class CutStrike(LinkStrike):
    """
    A link that is down: effective when its carrier is seen to be gone, or else when nothing comes back twice in a row;
    removed when there is a carrier, and something comes back.
    """

    patience_s: float | None = None
    """How long to wait for an answer, where the usual patience is too much."""

    async def effective(self) -> Instant:
        since_ns, silent = self.commanded.earliest_ns, list[Trip]()
        while True:
            if await self.line.has_carrier() is False:
                return Instant(since_ns, clock.now_ns())
            if "trips" in self.line.link.sees:
                trip = await self.line.trip(self.patience_s)
                if trip.took_ns is None:
                    silent.append(trip)
                else:
                    since_ns = max(since_ns, trip.asked_ns)
                    silent.clear()
                if len(silent) == _SILENT:
                    return Instant(since_ns, silent[0].settled_ns)
            await self.line.pause()

    async def gone(self) -> Instant:
        assert self.removal_commanded is not None
        since_ns = self.removal_commanded.earliest_ns
        while True:
            looked_ns = clock.now_ns()
            is_there = await self.line.has_carrier() is not False
            if is_there and "trips" in self.line.link.sees:
                is_there = (await self.line.trip()).took_ns is not None
            if is_there:
                return Instant(since_ns, clock.now_ns())
            since_ns = max(since_ns, looked_ns)
            await self.line.pause()


async def stay(strike: LinkStrike, for_s: float) -> None:
    """
    Lets what was commanded stand for `for_s` seconds.
    """
    await clock.sleep_until(strike.commanded.latest_ns + round(for_s * clock.NS_PER_S))


def length_s(spec: FaultSpec) -> float:
    """
    How long a fault lasts by its drill. Raises UsageError when that does not say.
    """
    if spec.for_s is None:
        raise UsageError('missing; how long, like `for = "30 s"`', key="for")
    return spec.for_s
