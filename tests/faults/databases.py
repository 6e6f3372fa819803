"""
A database behind a link, in virtual time, and the roles of both.
"""

from __future__ import annotations

from typing import Any

import anyio

from harness import clock
from harness.protocols import NoAnswer
from harness.sim.sim_link import SimLink
from tests.faults.batteries import Cast, carried_out
from tests.faults.links import Done, TriedLink, spec_of


class Database:
    """
    Answers any statement in two milliseconds, by the link; not from its `fails_at`-th question on. One with `hiccups`
    takes 0.4 s for every third.
    """

    name = "database"

    def __init__(
        self, link: TriedLink, *, fails_at: int | None = None, keeps_deadline: bool = True, hiccups: bool = False
    ) -> None:
        self._link, self._fails_at, self._keeps_deadline = link, fails_at, keeps_deadline
        self._hiccups = hiccups
        self.asked: list[int] = []
        self.failed: list[int] = []

    async def open(self) -> None: ...

    async def aclose(self) -> None: ...

    async def query(self, statement: str, *, timeout_s: float) -> list[tuple[Any, ...]]:
        self.asked.append(clock.now_ns())
        if self._fails_at is not None and len(self.asked) >= self._fails_at:
            raise NoAnswer("the server is not well")
        try:
            with anyio.move_on_after(timeout_s if self._keeps_deadline else None):
                takes_s = 0.4 if self._hiccups and len(self.asked) % 3 == 0 else 0.002
                await self._link.model.carried(lambda: anyio.sleep(takes_s))
                return [(1,)]
            raise NoAnswer("too late")
        except NoAnswer:
            self.failed.append(len(self.asked))
            raise


def fault_of(kind: type[Any], link: TriedLink, database: Database, for_s: float | None = None, **keys: Any) -> Any:
    """
    A fault, ready to be injected.
    """
    return kind(spec_of(kind, for_s, keys.pop("seed", 1), **keys), Cast(links__fibre=link, probes__database=database))


def carry_out(
    kind: type[Any],
    for_s: float | None = None,
    *,
    model: dict[str, Any] | None = None,
    deaf: bool = False,
    database: dict[str, Any] | None = None,
    **keys: Any,
) -> tuple[Done, Database]:
    """
    What the engine does with a fault, and the database that it was done to.
    """
    done: list[tuple[Done, Database]] = []

    async def nothing() -> None: ...

    async def main() -> None:
        link = TriedLink(deaf=deaf, **(model or {}))
        link.model = link._link = SimLink("fibre", link.model.spec)
        served = Database(link, **(database or {}))
        done.append(((*await carried_out(fault_of(kind, link, served, for_s, **keys), nothing), link), served))

    clock.run(main, virtual=True)
    return done[0]
