"""
A server of a PostgreSQL cluster is up to date.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import anyio

from .. import clock
from ..errors import UsageError
from ..model.drill import ProbeSpec
from ..model.quantity import Quantity
from ..protocols import NoAnswer, Roles, SqlService
from ._scrape import Sample, Scrape, Selector
from ._series import LongestBelow

# Of a probe's time-out, so that an answer of ours comes before it.
_PATIENCE = 0.9

_LOOK_EVERY_S = 0.02
_CAUGHT_UP = "caught_up"

# How far the server's write-ahead log goes, in bytes; of a standby, how far it has been replayed.
_LOOK = """
    SELECT pg_is_in_recovery(),
           (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END
               - '0/0'::pg_lsn)::bigint
"""


class _Seen(NamedTuple):
    """
    Whether a server is a standby, and how far it is (bytes of write-ahead log).
    """

    is_standby: bool
    lsn: int


class Cluster:
    """
    Compares write-ahead logs. Well is a server that has all that the primary had when the question was put, or is the
    primary itself; and that there is one primary, and not two.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        `others` are the roles of the cluster's other servers. One that does not answer within `each` is not there.
        """

        others: tuple[str, ...]
        each_s: float = 1.0

        measures: ClassVar[Mapping[str, str]] = {"replica_caught_up_within": "_s", "primaries_most": ""}

        def __post_init__(self) -> None:
            if not self.others:
                raise UsageError("missing; with whom is it compared?", key="others")
            if self.each_s <= 0:
                raise UsageError("must be more than 0", key="each")

    measures: tuple[str, ...] = ()

    def __init__(self, spec: ProbeSpec, roles: Roles) -> None:
        assert isinstance(spec.config, Cluster.Config)
        self._server = roles.get(spec.role, SqlService)
        self._others = [roles.get(role, SqlService) for role in spec.config.others]
        self._each_s, self._within_s = spec.config.each_s, _PATIENCE * spec.timeout_s
        self.arm()

    def arm(self) -> None:
        """
        The steady state is met: measuring begins.
        """
        self._behind, self._most = LongestBelow(Selector.of(_CAUGHT_UP), 1.0), 0

    async def ask(self) -> bool:
        """
        Asks every server once, and the one in question until it has caught up or the time is up.
        """
        asked_ns, is_well = clock.now_ns(), False
        with anyio.move_on_after(self._within_s):
            is_well = await self._is_up_to_date()
        sample = Sample(_CAUGHT_UP, frozenset(), float(is_well))
        self._behind.feed(Scrape(asked_ns, clock.now_ns(), (sample,)))
        return is_well

    async def _is_up_to_date(self) -> bool:
        others: list[_Seen] = []

        async def look(server: SqlService) -> None:
            if (seen := await self._look(server)) is not None:
                others.append(seen)

        async with anyio.create_task_group() as tasks:
            for server in self._others:
                tasks.start_soon(look, server)
        primaries = [seen for seen in others if not seen.is_standby]
        while True:
            own = await self._look(self._server)
            self._most = max(self._most, len(primaries) + (own is not None and not own.is_standby))
            if own is None:
                return False
            if not own.is_standby or len(primaries) != 1:
                return not own.is_standby and not primaries
            if own.lsn >= primaries[0].lsn:
                return True
            await anyio.sleep(_LOOK_EVERY_S)

    async def _look(self, server: SqlService) -> _Seen | None:
        try:
            ((is_standby, lsn),) = await server.query(_LOOK, timeout_s=self._each_s)
        except NoAnswer:
            return None
        return _Seen(is_standby, lsn or 0)

    def accepts(self, sample: object | None) -> bool:
        """
        Whether there was any answer; what it is worth takes more than one.
        """
        return sample is not None

    def measured(self) -> dict[str, float]:
        """
        The most primaries that were seen at one time.
        """
        return {"primaries_most": self._most}

    def quantities(self) -> dict[str, Quantity]:
        """
        The longest time for which the server was not up to date.
        """
        behind = self._behind.stretch()
        return {} if behind is None else {"replica_caught_up_within": behind}
