"""
A link of the DUT that is narrow, or damages, doubles or shuffles what it carries.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import anyio

from .. import clock
from ..errors import NotProven, UsageError
from ..model.drill import FaultSpec
from ..model.instant import Instant
from ..model.link import Burst
from ..model.link import LinkShape as Shape
from ..protocols import NoAnswer, Roles, Strike
from ._link import Line, LinkStrike, Measuring, length_s, stay
from ._share import Share

_BYTES = 500

# A burst shows a rate when its later half does. It is doubled as long as it does not, since a bucket lets some through
# at once: two full frames, which are 18 kB where those are jumbo frames.
_COUNT, _MOST = 40, 160

# Who was not faster by far before has not become narrow.
_SLACK, _FASTER = 1.5, 2.0


class LinkShape:
    """
    Shapes a link in other ways than `link_latency` and `link_loss` do; what the link cannot do is refused, with the
    reason. Proven by bursts of packets that are echoed across it.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config(Measuring):
        """
        At most so fast a `rate`; shares of the packets that are damaged (`corrupt`), doubled (`duplicate`) or overtaken
        (`reorder`).
        """

        rate_bps: float = 0.0
        corrupt_ratio: float = 0.0
        duplicate_ratio: float = 0.0
        reorder_ratio: float = 0.0

        def __post_init__(self) -> None:
            Measuring.__post_init__(self)
            shares = {"corrupt": self.corrupt_ratio, "duplicate": self.duplicate_ratio, "reorder": self.reorder_ratio}
            for key, ratio in shares.items():
                if not 0 <= ratio <= 1:
                    raise UsageError("must be from 0 % to 100 %", key=key)
            if self.rate_bps < 0:
                raise UsageError("must not be negative", key="rate")
            if not self.rate_bps and not any(shares.values()):
                raise UsageError("nothing would be done; give a rate, or a share to corrupt, duplicate or reorder")

    expects_loss = None
    levels_v = (0.0, 0.0)

    def __init__(self, spec: FaultSpec, roles: Roles) -> None:
        assert isinstance(spec.config, LinkShape.Config)
        self._for_s = length_s(spec)
        self._shape = Shape(
            rate_bps=spec.config.rate_bps,
            corrupt_ratio=spec.config.corrupt_ratio,
            duplicate_ratio=spec.config.duplicate_ratio,
            reorder_ratio=spec.config.reorder_ratio,
            seed=spec.seed,
        )
        self._line = Line(spec, self._shape, spec.config, "packets", roles)
        self.undo, self.strikes = self._line.undo, self._line.strikes(self._for_s)
        self.dice = self._line.dice

    def plan(self) -> list[tuple[float, str]]:
        """
        Shaped, then as it was.
        """
        shape, name = self._shape, self._line.link.name
        told = [f"at most {shape.rate_bps / 1000:g} kbit/s"] if shape.rate_bps else []
        shares = {"corrupt": shape.corrupt_ratio, "duplicate": shape.duplicate_ratio, "reorder": shape.reorder_ratio}
        told += [f"{verb} {100 * ratio:g} %" for verb, ratio in shares.items() if ratio]
        return [(0.0, f"{name}: {', '.join(told)}"), (self._for_s, f"{name} as it was")]

    def inject(self) -> AbstractAsyncContextManager[Strike]:
        """
        Shaped on entering, as it was on leaving.
        """
        return self._line.struck(_Shaped(self._line, self._shape, self._for_s))


class _Shaped(LinkStrike):
    """
    A shape under way.
    """

    def __init__(self, line: Line, shape: Shape, for_s: float) -> None:
        super().__init__(line, lambda strike: stay(strike, for_s))
        self._shape, self._seen, self._count = shape, _Seen(shape), _COUNT

    async def look_before(self) -> None:
        """
        Raises NotProven when the link shows already what the fault would.
        """
        await super().look_before()
        before = _Seen(self._shape)
        await self._send(before)
        if before.is_narrow or any(share.struck for share in before.shares.values()):
            raise NotProven(f"{before} before anything was done: that is what the fault would show")

    async def effective(self) -> Instant:
        while not self._seen.is_shown:
            await self._send(self._seen)
            if self._seen.is_wide:
                self._count = min(2 * self._count, _MOST)
        self.delivered = str(self._seen)
        return Instant(self.commanded.earliest_ns, clock.now_ns())

    def why_not(self) -> str:
        return f"'{self.line.link.name}' was commanded, but {self._seen}: too short a fault?"

    async def gone(self) -> Instant:
        assert self.removal_commanded is not None
        since_ns, after, again = self.removal_commanded.earliest_ns, _Seen(self._shape), 0
        while not after.is_clean:
            asked_ns = clock.now_ns()
            await self._send(after)
            if after.is_narrow or any(share.struck for share in after.shares.values()):
                again += 1
                since_ns, after, self._seen = asked_ns, _Seen(self._shape, again), after
        return Instant(since_ns, clock.now_ns())

    async def removed(self) -> Instant:
        try:
            return await super().removed()
        except NotProven as error:
            raise NotProven(f"{self.line.link.name}: the link was cleared, but {self._seen}") from error

    async def _send(self, seen: _Seen) -> None:
        """
        One burst; nobody there is no packets.
        """
        count, answer_s = self._count, self.line.measuring.answer_s
        needed_s = 8 * count * _BYTES / self._shape.rate_bps if self._shape.rate_bps else 0.0
        within_s = answer_s + 2 * needed_s
        burst = Burst(count, _BYTES, clock.now_ns(), ())
        with anyio.move_on_after(within_s + answer_s):
            try:
                burst = await self.line.link.burst(count, _BYTES, within_s)
            except NoAnswer:
                burst = Burst(count, _BYTES, clock.now_ns(), ())
        seen.take(burst)
        if not burst.came:
            await anyio.sleep(self.line.measuring.look_s)


class _Seen:
    """
    What bursts across a link show of the shape that it was given.
    """

    def __init__(self, shape: Shape, again: int = 0) -> None:
        # Who may try again and again is lucky at last: each time takes more packets.
        self._longer = 1 + again
        self._limit_bps = shape.rate_bps
        self.is_narrow = False
        self.shares = {
            name: Share(ratio)
            for name, ratio in (
                ("damaged", shape.corrupt_ratio),
                ("doubled", shape.duplicate_ratio),
                ("overtaken", shape.reorder_ratio),
            )
            if ratio
        }
        self.rate_bps: float | None = None

    def take(self, burst: Burst) -> None:
        """
        One more burst.
        """
        self.rate_bps = burst.rate_bps
        self.is_narrow = burst.rate_bps is not None and burst.rate_bps <= _SLACK * self._limit_bps
        for name, share in self.shares.items():
            share.count(len(burst.came), getattr(burst, name))

    @property
    def is_wide(self) -> bool:
        """
        Whether packets came faster than they should.
        """
        return bool(self._limit_bps) and self.rate_bps is not None and not self.is_narrow

    @property
    def is_shown(self) -> bool:
        """
        Whether all of it is there.
        """
        return (not self._limit_bps or self.is_narrow) and all(share.is_shown for share in self.shares.values())

    @property
    def is_clean(self) -> bool:
        """
        Whether nothing of it is there, as far as so many packets can tell.
        """
        is_fast = self.rate_bps is not None and self.rate_bps > _FASTER * self._limit_bps
        needed = {name: share.enough * self._longer for name, share in self.shares.items()}
        whole = all(not share.struck and share.asked >= needed[name] for name, share in self.shares.items())
        return (not self._limit_bps or is_fast) and whole

    def __str__(self) -> str:
        parts = [f"{name} {share} packets" for name, share in self.shares.items()]
        if self._limit_bps and self.rate_bps is not None:
            parts.append(f"packets came at {self.rate_bps / 1000:.3g} kbit/s")
        return ", ".join(parts) or "no packet came back"
