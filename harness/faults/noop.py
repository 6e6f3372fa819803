"""
Nothing: the control group. Without it nobody knows what the bench itself does to a DUT.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio

from .. import clock
from ..errors import UsageError
from ..model.drill import FaultSpec
from ..model.instant import Instant, Span
from ..model.undo import Undo
from ..protocols import Roles


class _Nothing:
    removal_commanded: Instant | None = None
    hold_up: Span | None = None

    def __init__(self, for_s: float) -> None:
        self._for_s = for_s
        self.commanded = Instant.exactly(clock.now_ns())

    async def effective(self) -> Instant:
        return self.commanded

    def why_not(self) -> str:
        return "nothing was done"

    async def last(self) -> None:
        await anyio.sleep(self._for_s)

    async def removed(self) -> Instant:
        assert self.removal_commanded is not None
        return self.removal_commanded


class Noop:
    """
    Does nothing for as long as it is asked to.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        It takes no keys of its own.
        """

    expects_loss = False
    undo: tuple[Undo, ...] = ()
    strikes: tuple[tuple[str, float, int], ...] = ()
    levels_v = (0.0, 0.0)

    def __init__(self, spec: FaultSpec, roles: Roles) -> None:
        if spec.for_s is None:
            raise UsageError('missing; how long, like `for = "5 s"`', key="for")
        self._for_s = spec.for_s

    def plan(self) -> list[tuple[float, str]]:
        """
        Says that nothing will be switched.
        """
        return [(0.0, f"nothing, for {self._for_s:g} s")]

    @asynccontextmanager
    async def inject(self) -> AsyncIterator[_Nothing]:
        """
        Enters and leaves without touching anything.
        """
        strike = _Nothing(self._for_s)
        try:
            yield strike
        finally:
            strike.removal_commanded = Instant.exactly(clock.now_ns())
