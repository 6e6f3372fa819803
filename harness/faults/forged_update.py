"""
An update for the DUT that nobody signed who may.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random

from ..errors import NotProven
from ..model.drill import FaultSpec
from ..model.undo import Undo
from ..protocols import NoAnswer, Roles
from ._attack import Attacking, AttackStrike, Target


class ForgedUpdate:
    """
    Posts an update whose counter is the next one, and whose signature is drawn from the run's seed. Proven by the DUT's
    answer, whatever it is. A DUT that takes it has installed it, and the bench cannot take it back.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config(Attacking):
        """
        The counter that is installed is the `field` of what the DUT says at `health`; the body is a JSON object with
        `counter`, `payload` and `signature` (64 hex digits).
        """

        path: str = "/update"
        health: str = "/health"
        field: str = "update"

    expects_loss = False
    levels_v = (0.0, 0.0)
    undo: tuple[Undo, ...] = ()

    def __init__(self, spec: FaultSpec, roles: Roles) -> None:
        assert isinstance(spec.config, ForgedUpdate.Config)
        self._config = spec.config
        self._target = Target(spec, spec.config, roles)
        self._signature = f"{Random(spec.seed).getrandbits(256):064x}"
        self.strikes = self._target.strikes

    def plan(self) -> list[tuple[float, str]]:
        """
        One request.
        """
        return [(0.0, f"{self._target.service.name}: a forged update to {self._config.path}")]

    @asynccontextmanager
    async def inject(self) -> AsyncIterator[AttackStrike]:
        """
        Attacks on entering; nothing is left to be undone.
        """
        update = {
            "counter": await self._installed() + 1,
            "payload": "crashbench: forged",
            "signature": self._signature,
        }
        strike = AttackStrike(self._target, update, "forged update")
        try:
            await strike.send()
            yield strike
        finally:
            strike.end()

    async def _installed(self) -> int:
        """
        The counter of the update that the DUT has: a forgery with an older one would be refused for that alone.
        """
        config = self._config
        try:
            told = json.loads((await self._target.ask("GET", config.health)).body)
            return int(told[config.field])
        except (NoAnswer, ValueError, KeyError, TypeError) as error:
            problem = f"{config.health} gives no number as `{config.field}` ({error})"
            raise NotProven(f"{problem}: a forgery could not be told from an old update") from error
