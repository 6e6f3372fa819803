"""
A link of the DUT that loses a share of what it carries.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from .. import clock
from ..errors import NotProven, UsageError
from ..model.drill import FaultSpec
from ..model.instant import Instant
from ..model.link import LinkShape
from ..protocols import Roles, Strike
from ._link import Line, LinkStrike, Measuring, length_s, stay
from ._share import Share

# On a link that is well, so many round trips are waited for before anything is done; none may be lost.
_BEFORE = 10


class LinkLoss:
    """
    Loses packets on the way to the DUT, or connections where the link is a relay: those are different, since TCP makes
    up for a lost packet, and nobody for a lost connection. Proven by the round trips that do not come back.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config(Measuring):
        """
        The share that is lost: 5 %, 10 %, 20 %. It is there when the measured one is surely (95 %) a quarter of it at
        least, and gone when so many round trips in a row came back as would by accident once in twenty times.
        """

        ratio_ratio: float = 0.1
        look_s: float = 0.01

        def __post_init__(self) -> None:
            Measuring.__post_init__(self)
            if not 0.01 <= self.ratio_ratio < 1:
                raise UsageError("must be at least 1 %, and less than 100 %, which is a `link_cut`", key="ratio")

    expects_loss = None
    levels_v = (0.0, 0.0)

    def __init__(self, spec: FaultSpec, roles: Roles) -> None:
        assert isinstance(spec.config, LinkLoss.Config)
        self._ratio, self._for_s = spec.config.ratio_ratio, length_s(spec)
        self._line = Line(spec, LinkShape(loss_ratio=self._ratio, seed=spec.seed), spec.config, "trips", roles)
        self.undo, self.strikes = self._line.undo, self._line.strikes(self._for_s)
        self.dice = self._line.dice

    def plan(self) -> list[tuple[float, str]]:
        """
        Lossy, then whole.
        """
        link = self._line.link
        return [
            (0.0, f"{link.name} loses {100 * self._ratio:g} % of its {link.loses}"),
            (self._for_s, f"{link.name} whole"),
        ]

    def inject(self) -> AbstractAsyncContextManager[Strike]:
        """
        Lossy on entering, whole on leaving.
        """
        return self._line.struck(_Lossy(self._line, self._ratio, self._for_s))


class _Lossy(LinkStrike):
    """
    A loss under way.
    """

    def __init__(self, line: Line, ratio: float, for_s: float) -> None:
        super().__init__(line, lambda strike: stay(strike, for_s))
        self._share = Share(ratio)

    async def look_before(self) -> None:
        """
        Raises NotProven when something is lost already.
        """
        await super().look_before()
        for _ in range(_BEFORE):
            if (await self.line.trip()).took_ns is None:
                raise NotProven("a round trip was lost before anything was done: a loss could not be told from it")

    async def effective(self) -> Instant:
        first_ns: int | None = None
        while True:
            trip = await self.line.trip()
            self._share.count(1, trip.took_ns is None)
            if trip.took_ns is None and first_ns is None:
                first_ns = trip.settled_ns
            if self._share.is_shown and first_ns is not None:
                lost = f"{self._share} round trips were lost"
                self.delivered = lost + ("; of connections, not of packets" * (self.line.link.loses == "connections"))
                return Instant(self.commanded.earliest_ns, first_ns)
            await self.line.pause()

    def why_not(self) -> str:
        return f"'{self.line.link.name}' was commanded, but {self._share} round trips were lost: too short a fault?"

    async def gone(self) -> Instant:
        assert self.removal_commanded is not None
        since_ns, row, lost = self.removal_commanded.earliest_ns, 0, 0
        # Who may try again and again is lucky at last: each loss makes the row longer that has to be without one.
        while row < self._share.enough * (1 + lost):
            trip = await self.line.trip()
            row += 1
            if trip.took_ns is None:
                since_ns, row, lost = max(since_ns, trip.asked_ns), 0, lost + 1
            await self.line.pause()
        return Instant(since_ns, clock.now_ns())
