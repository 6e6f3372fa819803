"""
What the attacks by HTTP share: one request that the DUT should refuse, and its answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import anyio
import anyio.lowlevel

from .. import clock
from ..errors import UsageError
from ..model.drill import FaultSpec
from ..model.instant import Instant, Span
from ..protocols import HttpAnswer, HttpService, NoAnswer, Roles

_REFUSED = range(400, 500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attacking:
    """
    Where the attack goes, and how long an answer may take.
    """

    path: str
    answer_s: float = 2.0

    def __post_init__(self) -> None:
        if self.answer_s <= 0:
            raise UsageError("must be more than 0", key="answer")


class Target:
    """
    The DUT's service as an attacker sees it.
    """

    def __init__(self, spec: FaultSpec, attacking: Attacking, roles: Roles) -> None:
        if spec.for_s is not None:
            raise UsageError("an attack is over with its answer; leave it out", key="for")
        self.service = roles.get(spec.role, HttpService)
        self._path, self._answer_s = attacking.path, attacking.answer_s
        self.strikes = ((self.service.name, 0.0, 1),)

    async def ask(self, method: str, path: str, body: bytes = b"") -> HttpAnswer:
        """
        One request. Raises NoAnswer, also when there is none in time.
        """
        with anyio.move_on_after(self._answer_s):
            return await self.service.request(method, path, body)
        raise NoAnswer(f"{method} {path} was not answered within {self._answer_s:g} s")

    async def post(self, table: Mapping[str, Any]) -> HttpAnswer:
        """
        Posts a table as JSON to where the attack goes. Raises NoAnswer.
        """
        return await self.ask("POST", self._path, json.dumps(table).encode())


class AttackStrike:
    """
    A request that the DUT should refuse: effective when it was answered, for then it had come. Nothing is left of it
    that the bench could remove: it is gone with its answer.
    """

    commanded: Instant
    removal_commanded: Instant | None = None
    hold_up: Span | None = None
    delivered = ""
    """What the DUT answered, in one clause."""

    def __init__(self, target: Target, table: Mapping[str, Any], what: str) -> None:
        self._target, self._table, self._what = target, table, what
        self._answered: Instant | None = None
        self._silence = ""

    async def send(self) -> None:
        """
        Sends it, and takes in the answer, if there is one.
        """
        asked_ns = clock.now_ns()
        try:
            answer = await self._target.post(self._table)
        except NoAnswer as error:
            self._silence = str(error) or "no answer"
        else:
            self._answered = Instant(asked_ns, clock.now_ns())
            verb = "refused" if answer.status in _REFUSED else "taken" if answer.status < 400 else "failed on"
            self.delivered = f"the {self._what} was {verb}: {answer.status}"
        self.commanded = Instant(asked_ns, clock.now_ns())

    async def effective(self) -> Instant:
        """
        When it was answered; without an answer it may never have come.
        """
        if self._answered is None:
            await anyio.sleep_forever()
        assert self._answered is not None
        return self._answered

    def why_not(self) -> str:
        """
        Why there was no answer.
        """
        return f"the {self._what} was sent, but not answered: {self._silence}"

    async def last(self) -> None:
        """
        It is over.
        """
        await anyio.lowlevel.checkpoint()

    def end(self) -> None:
        """
        Nothing is left of it.
        """
        self.removal_commanded = Instant.exactly(clock.now_ns())

    async def removed(self) -> Instant:
        """
        It is gone.
        """
        assert self.removal_commanded is not None
        return self.removal_commanded
