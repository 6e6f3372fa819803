"""
A database whose connections break.
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
from ._link import Line, length_s
from ._queries import Queries, Querying, QueryStrike, all_well, line_of
from ._share import Share

# So many queries must be answered before anything is done.
_BEFORE = 10


class DatabaseDrop:
    """
    Resets a share of the connections to the database when they are made, and of the queries on them while they are
    being answered: so a query over a connection of its own has two chances to fail. Which ones follows from the seed.
    Proven by the queries that fail.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config(Querying):
        """
        The share that is reset. It is there when of the queries surely (95 %) a quarter of it fails at least, and gone
        when so many in a row were answered as would be by accident once in twenty times.
        """

        ratio_ratio: float = 0.05

        def __post_init__(self) -> None:
            Querying.__post_init__(self)
            if not 0.01 <= self.ratio_ratio < 1:
                raise UsageError("must be at least 1 %, and less than 100 %, which is a `link_cut`", key="ratio")

    expects_loss = None
    levels_v = (0.0, 0.0)

    def __init__(self, spec: FaultSpec, roles: Roles) -> None:
        assert isinstance(spec.config, DatabaseDrop.Config)
        self._ratio, self._for_s = spec.config.ratio_ratio, length_s(spec)
        shape = LinkShape(reset_ratio=self._ratio, seed=spec.seed, speaks="postgresql")
        self._line = line_of(spec, shape, spec.config, roles)
        self._queries = Queries(spec, spec.config, roles)
        self.undo, self.strikes = self._line.undo, self._line.strikes(self._for_s)

    def plan(self) -> list[tuple[float, str]]:
        """
        Resets, then none.
        """
        share, name = f"{100 * self._ratio:g} %", self._line.link.name
        return [
            (0.0, f"{name} resets {share} of the connections, and {share} of the queries on them"),
            (self._for_s, f"{name} as it was"),
        ]

    def inject(self) -> AbstractAsyncContextManager[Strike]:
        """
        Resets on entering, none any more on leaving.
        """
        return self._line.struck(_Dropping(self._line, self._queries, self._ratio, self._for_s))


class _Dropping(QueryStrike):
    """
    Resets under way.
    """

    def __init__(self, line: Line, queries: Queries, ratio: float, for_s: float) -> None:
        super().__init__(line, queries, for_s)
        self._share = Share(ratio)

    async def look_before(self) -> None:
        """
        Raises NotProven when a query fails already.
        """
        await super().look_before()
        if await all_well(self.queries, _BEFORE) is None:
            raise NotProven(f"{self.queries.told()} before anything was done: a reset could not be told from it")

    async def effective(self) -> Instant:
        first_ns: int | None = None
        while True:
            trip = await self.queries.ask()
            self._share.count(1, trip.took_ns is None)
            if trip.took_ns is None and first_ns is None:
                first_ns = trip.settled_ns
            if self._share.is_shown and first_ns is not None:
                self.delivered = f"{self._share} queries failed, each over a connection of its own"
                return Instant(self.commanded.earliest_ns, first_ns)
            await self.queries.pause()

    def why_not(self) -> str:
        return f"'{self.line.link.name}' was commanded, but {self._share} queries failed: too short a fault?"

    async def gone(self) -> Instant:
        assert self.removal_commanded is not None
        since_ns, row, enough = self.removal_commanded.earliest_ns, 0, self._share.enough
        while row < enough:
            trip = await self.queries.ask()
            row += 1
            if trip.took_ns is None:
                # Whoever tries again and again is lucky once: each further try has to be that much harder.
                since_ns, row, enough = max(since_ns, trip.asked_ns), 0, 2 * enough
        return Instant(since_ns, clock.now_ns())
