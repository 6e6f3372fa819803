"""
What the database faults share: a link in front of a database, and proof by queries that are put across it.
"""

from __future__ import annotations

from dataclasses import dataclass

import anyio

from .. import clock
from ..errors import NotProven, UsageError
from ..model.drill import FaultSpec
from ..model.instant import Instant
from ..model.link import LinkShape
from ..protocols import NoAnswer, Roles, SqlService
from ._link import Line, LinkStrike, Measuring, Trip, stay

# A service keeps its deadline, which is in the question. This is for one that does not.
_LATEST = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Querying(Measuring):
    """
    Whom to ask across the link, and what: the DUT's role `seen`, and a `statement`, each over a connection of its own.
    An `answer` may take so long where nothing was done.
    """

    seen: str = "probes.database"
    statement: str = "SELECT 1"
    look_s: float = 0.02
    answer_s: float = 2.0

    def __post_init__(self) -> None:
        Measuring.__post_init__(self)
        if not self.statement.strip():
            raise UsageError("is empty; leave it out for SELECT 1", key="statement")


class Queries:
    """
    Queries across the link that a fault strikes.
    """

    def __init__(self, spec: FaultSpec, querying: Querying, roles: Roles) -> None:
        self.querying = querying
        self._service = roles.get(roles.sibling(spec.role, querying.seen), SqlService)
        self._last: Trip | None = None
        self._why = ""

    async def ask(self, patience_s: float | None = None) -> Trip:
        """
        One query, with the usual patience or another; no answer is silence, whatever was the matter.
        """
        asked_ns, took_ns = clock.now_ns(), None
        patience_s = self.querying.answer_s if patience_s is None else patience_s
        self._why = "not even by its own deadline"
        with anyio.move_on_after(_LATEST * patience_s):
            try:
                await self._service.query(self.querying.statement, timeout_s=patience_s)
                took_ns = clock.now_ns() - asked_ns
            except NoAnswer as error:
                self._why = str(error)
        self._last = Trip(asked_ns, clock.now_ns(), took_ns)
        return self._last

    async def pause(self) -> None:
        """
        Waits until the next query is due.
        """
        if self._last is not None:
            await clock.sleep_until(self._last.asked_ns + round(self.querying.look_s * clock.NS_PER_S))

    def told(self) -> str:
        """
        What came of the last query, in words.
        """
        if self._last is None:
            return "the database was never asked"
        if self._last.took_ns is None:
            return f"a query failed ({self._why})"
        return f"a query took {self._last.took_ns / 1e6:.1f} ms"


class QueryStrike(LinkStrike):
    """
    A database fault under way.
    """

    def __init__(self, line: Line, queries: Queries, for_s: float) -> None:
        super().__init__(line, lambda strike: stay(strike, for_s))
        self.queries = queries

    def why_not(self) -> str:
        return f"'{self.line.link.name}' was commanded, but {self.queries.told()}: is the database behind another link?"

    async def removed(self) -> Instant:
        try:
            return await super().removed()
        except NotProven as error:
            raise NotProven(f"{self.line.link.name}: the link was cleared, but {self.queries.told()}") from error


def line_of(spec: FaultSpec, shape: LinkShape, querying: Querying, roles: Roles) -> Line:
    """
    The link in front of the database. Raises UsageError for one that cannot be shaped so.
    """
    return Line(spec, shape, querying, "any", roles)


async def all_well(queries: Queries, count: int) -> list[int] | None:
    """
    How long so many queries took, one after the other (ns); None as soon as one failed.
    """
    took_ns: list[int] = []
    for _ in range(count):
        trip = await queries.ask()
        if trip.took_ns is None:
            return None
        took_ns.append(trip.took_ns)
    return took_ns
