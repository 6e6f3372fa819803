"""
A database of a DUT that is a model in virtual time.
"""

from __future__ import annotations

from typing import Any

import anyio

from ..protocols import NoAnswer
from ._model import ModelDevice


class SimSqlService(ModelDevice):
    """
    Stands where `sql_service` stands on other rigs; `host` names the unit in the rig's world. It keeps nothing: while
    the unit serves, it answers each statement with 1.
    """

    async def query(self, statement: str, *, timeout_s: float) -> list[tuple[Any, ...]]:
        """
        One statement over a connection of its own. Raises NoAnswer, also after `timeout_s` seconds.
        """
        with anyio.move_on_after(timeout_s):
            await self._asked(self._model.connect)
            return [(1,)]
        raise NoAnswer(f"no answer within {timeout_s:g} s")
