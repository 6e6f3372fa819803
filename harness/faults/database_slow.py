"""
A database that takes its time.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from statistics import median

from ..errors import NotProven, UsageError
from ..model.drill import FaultSpec
from ..model.instant import Instant
from ..model.link import LinkShape
from ..protocols import Roles, Strike
from ._link import Line, Trip, length_s
from ._queries import Queries, Querying, QueryStrike, all_well, line_of

# So many queries in a row are no hiccup of the bench's own.
_IN_A_ROW = 3
_BEFORE = 5


class DatabaseSlow:
    """
    Keeps each answer of the database back for something between two times, drawn for each from the seed. A connection
    is made as quickly as ever: what is slow are the queries. Proven by how long they take.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config(Querying):
        """
        `least` and `most`. It is there when three queries in a row took half of `least` more than before, and gone when
        three took less than that.
        """

        least_s: float = 0.5
        most_s: float = 5.0

        def __post_init__(self) -> None:
            Querying.__post_init__(self)
            if not 0 < self.least_s <= self.most_s:
                raise UsageError("must be more than 0, and not more than `most`", key="least")

    expects_loss = None
    levels_v = (0.0, 0.0)

    def __init__(self, spec: FaultSpec, roles: Roles) -> None:
        assert isinstance(spec.config, DatabaseSlow.Config)
        self._config, self._for_s = spec.config, length_s(spec)
        shape = LinkShape(
            stall_least_s=spec.config.least_s, stall_most_s=spec.config.most_s, seed=spec.seed, speaks="postgresql"
        )
        self._line = line_of(spec, shape, spec.config, roles)
        self._queries = Queries(spec, spec.config, roles)
        self.undo, self.strikes = self._line.undo, self._line.strikes(self._for_s)

    def plan(self) -> list[tuple[float, str]]:
        """
        Slow, then as it was.
        """
        name, config = self._line.link.name, self._config
        slow = f"{name} keeps each answer back for {config.least_s * 1000:g} … {config.most_s * 1000:g} ms"
        return [(0.0, slow), (self._for_s, f"{name} as it was")]

    def inject(self) -> AbstractAsyncContextManager[Strike]:
        """
        Slow on entering, as it was on leaving.
        """
        return self._line.struck(_Slow(self._line, self._queries, self._config, self._for_s))


class _Slow(QueryStrike):
    """
    Slowness under way.
    """

    def __init__(self, line: Line, queries: Queries, config: DatabaseSlow.Config, for_s: float) -> None:
        super().__init__(line, queries, for_s)
        self._least_s, self._patience_s = config.least_s, config.most_s + config.answer_s
        self._limit_ns = 0.0

    async def look_before(self) -> None:
        """
        How long a query takes now. Raises NotProven when that is too much for the slowness to show.
        """
        await super().look_before()
        took_ns = await all_well(self.queries, _BEFORE)
        self._limit_ns = median(took_ns or [0]) + self._least_s * 1e9 / 2
        if took_ns is None or max(took_ns) >= self._limit_ns:
            told = self.queries.told()
            raise NotProven(f"{told} before anything was done: {self._least_s * 1000:g} ms more would not show")

    async def effective(self) -> Instant:
        return await self._until(True, self.commanded.earliest_ns)

    async def gone(self) -> Instant:
        assert self.removal_commanded is not None
        return await self._until(False, self.removal_commanded.earliest_ns)

    async def _until(self, is_slow: bool, since_ns: int) -> Instant:
        """
        Waits for so many queries in a row that are slow, or are not.
        """
        row: list[Trip] = []
        while len(row) < _IN_A_ROW:
            trip = await self.queries.ask(self._patience_s)
            if trip.took_ns is not None and (trip.took_ns > self._limit_ns) is is_slow:
                row.append(trip)
            else:
                since_ns = max(since_ns, trip.asked_ns)
                row.clear()
            await self.queries.pause()
        if is_slow:
            took_ms = [(trip.took_ns or 0) / 1e6 for trip in row]
            self.delivered = f"queries took {min(took_ms):.0f} … {max(took_ms):.0f} ms"
        return Instant(since_ns, row[0].settled_ns)
