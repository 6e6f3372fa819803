"""
A database of the DUT: PostgreSQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import anyio
import psycopg
from psycopg.conninfo import conninfo_to_dict

from ..errors import DeviceError, UsageError
from ..protocols import NoAnswer, Wiring

_PORT = 5432

# The server gives up a little before we do: then it says why, and no query of ours stays behind.
_SERVERS_PART = 0.9


class SqlService:
    """
    Puts each statement over a fresh connection, as a new client would. A password is libpq's affair (`PGPASSFILE`,
    `~/.pgpass`): a rig's file is no place for it.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        `conninfo` as libpq has it: `"host=db1 port=5432 dbname=app user=bench"`, or `"postgresql://bench@db1/app"`.
        """

        conninfo: str

        def __post_init__(self) -> None:
            try:
                told = conninfo_to_dict(self.conninfo)
            except psycopg.ProgrammingError as error:
                raise UsageError(f"'{self.conninfo}' is none: {str(error).strip()}", key="conninfo") from error
            if not told.get("host") or str(told["host"]).startswith("/") or "," in str(told["host"]):
                raise UsageError("must name one host, like host=db1", key="conninfo")

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        self.name, self._wiring = name, wiring
        self._told: dict[str, Any] = {name: value for name, value in conninfo_to_dict(config.conninfo).items() if value}
        self._address: tuple[str, int] | None = None

    async def open(self) -> None:
        """
        Finds out where to connect. Raises DeviceError when that is not known.
        """
        self._address = self._wiring.resolve(str(self._told["host"]), int(self._told.get("port", _PORT)))

    async def aclose(self) -> None:
        """
        Has nothing to let go of: each connection was closed.
        """
        self._address = None

    async def query(self, statement: str, *, timeout_s: float) -> list[tuple[Any, ...]]:
        """
        The rows of one statement, which is committed. Raises NoAnswer.
        """
        if self._address is None:
            raise DeviceError(self.name, "is not open")
        host, port = self._address
        options = f"-c statement_timeout={max(1, round(_SERVERS_PART * timeout_s * 1000))}"
        # psycopg would look again and again for a name, in a thread; ours is the deadline, which it cannot outlast.
        told = {"options": options, "application_name": "crashbench", **self._told, "host": host, "port": port}
        try:
            with anyio.fail_after(timeout_s):
                async with await psycopg.AsyncConnection.connect(**told, autocommit=True) as connection:
                    cursor = await connection.execute(statement.encode())
                    return await cursor.fetchall() if cursor.description else []
        except TimeoutError as error:
            raise NoAnswer(f"{host}:{port}: no answer within {timeout_s:g} s") from error
        except (psycopg.Error, OSError) as error:
            raise NoAnswer(f"{host}:{port}: {' '.join(str(error).split())}") from error
