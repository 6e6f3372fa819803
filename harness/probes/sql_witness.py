"""
No write is lost that a database acknowledged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .. import clock
from ..errors import UsageError
from ..model.drill import ProbeSpec
from ..protocols import NoAnswer, Roles, SqlService

# Of a probe's time-out: so much is for the asking, and the rest for putting it together.
_PATIENCE = 0.9

_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]{0,40}")

# A server that takes no write refuses this already.
_MAKE = "CREATE TABLE IF NOT EXISTS {table} (run text, n bigint, PRIMARY KEY (run, n))"
_WRITE = """
    WITH written AS (INSERT INTO {table} VALUES ('{run}', {n}) RETURNING n)
    SELECT (SELECT count(*) FROM {table} WHERE run = '{run}' AND n < {n}{doubtful}), n FROM written
"""


class SqlWitness:
    """
    Writes a row at a time into whichever of a cluster's servers takes it, and with each looks for all that were
    acknowledged before. A lost one is not silence but a finding, counted for criteria such as `lost_writes == 0`.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        `others` are the roles of the cluster's other servers; the rows are in `table`, which is made if it is not
        there. A server that takes no write has `each` of the time, and then the next one is asked.
        """

        others: tuple[str, ...] = ()
        table: str = "crashbench_witness"
        each_s: float = 1.0

        def __post_init__(self) -> None:
            if not _IDENTIFIER.fullmatch(self.table):
                raise UsageError(
                    f"'{self.table}' is no name for a table; write it like crashbench_witness", key="table"
                )
            if self.each_s <= 0:
                raise UsageError("must be more than 0", key="each")

    measures: tuple[str, ...] = ("lost_writes", "acknowledged_writes", "unanswered_writes")

    def __init__(self, spec: ProbeSpec, roles: Roles) -> None:
        assert isinstance(spec.config, SqlWitness.Config)
        self._config = spec.config
        self._servers = [roles.get(role, SqlService) for role in (spec.role, *spec.config.others)]
        self._within_ns = round(_PATIENCE * spec.timeout_s * clock.NS_PER_S)
        self._run = f"{clock.now_ns():x} {spec.name}".replace("'", "")
        self._is_made = False
        self._next, self._doubtful = 1, list[int]()
        self._acknowledged, self._lost = 0, 0
        self.arm()

    def arm(self) -> None:
        """
        The steady state is met: what was not answered before it does not count.
        """
        self._unanswered = 0

    async def ask(self) -> bool:
        """
        Writes one row. Raises NoAnswer when no server took it.
        """
        until_ns, why = clock.now_ns() + self._within_ns, "there was no time"
        for server in list(self._servers):
            left_s = (until_ns - clock.now_ns()) / clock.NS_PER_S
            if left_s <= 0:
                break
            try:
                await self._write(server, min(left_s, self._config.each_s))
            except NoAnswer as error:
                # Another server is asked next, which may not even have heard of the table.
                why, self._is_made = str(error), False
            else:
                # Whoever took it is asked first the next time.
                self._servers.sort(key=lambda other: other is not server)
                return True
        raise NoAnswer(why)

    async def _write(self, server: SqlService, within_s: float) -> None:
        table = self._config.table
        if not self._is_made:
            await server.query(_MAKE.format(table=table), timeout_s=within_s)
            self._is_made = True
        number, self._next = self._next, self._next + 1
        # Until it is acknowledged it may have been written, or not: either is right.
        self._doubtful.append(number)
        left_out = self._doubtful[:-1]
        doubtful = f" AND n NOT IN ({', '.join(map(str, left_out))})" if left_out else ""
        statement = _WRITE.format(table=table, run=self._run, n=number, doubtful=doubtful)
        try:
            rows = await server.query(statement, timeout_s=within_s)
            if not rows or rows[0][1] != number:
                raise NoAnswer(f"{rows[:1]!r} is no answer to a write")
        except NoAnswer:
            # Unlike one that is cut off by the trial's end, which there was no time to answer.
            self._unanswered += 1
            raise
        self._doubtful.remove(number)
        self._lost = max(self._lost, self._acknowledged - int(rows[0][0]))
        self._acknowledged += 1

    def accepts(self, sample: list[tuple[object, ...]] | None) -> bool:
        """
        Whether a server took a write.
        """
        return bool(sample)

    def measured(self) -> dict[str, float]:
        """
        How many writes were acknowledged, how many of those were missing later, and how many were not answered.
        """
        return {
            "lost_writes": self._lost,
            "acknowledged_writes": self._acknowledged,
            "unanswered_writes": self._unanswered,
        }
