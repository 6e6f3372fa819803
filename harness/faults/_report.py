"""
What the DUT itself says: one field of its JSON health answer, asked again and again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import anyio

from .. import clock
from ..errors import UsageError
from ..protocols import HttpService, NoAnswer, Roles


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """
    Whom to ask and for what: the DUT's role `seen`, a `path` there, a `field` of its answer, every `look`.
    """

    seen: str = "probes.health"
    path: str = "/health"
    field: str = "battery_percent"
    look_s: float = 0.25
    answer_s: float = 1.0
    prove_s: float = 10.0

    def __post_init__(self) -> None:
        for key, value in (("look", self.look_s), ("answer", self.answer_s), ("prove", self.prove_s)):
            if value <= 0:
                raise UsageError("must be more than 0", key=key)


@dataclass(frozen=True, slots=True)
class Said:
    """
    A question and what came of it: when it was asked and when that was settled (ns), and the field as the DUT gave it.

    `silence` says why there was no answer, and is empty when there was one.
    """

    asked_ns: int
    answered_ns: int
    value: Any = None
    silence: str = ""

    @property
    def number(self) -> float | None:
        """
        The field, if it is a number.
        """
        is_number = isinstance(self.value, (int, float)) and not isinstance(self.value, bool)
        return float(self.value) if is_number else None


class Report:
    """
    The DUT's own word on one field.
    """

    def __init__(self, role: str, watching: Watching, roles: Roles) -> None:
        self._watching = watching
        self._service = roles.get(roles.sibling(role, watching.seen), HttpService)
        self.last: Said | None = None

    async def ask(self) -> Said:
        """
        Asks once. A DUT that does not answer, or not in JSON, has said nothing.
        """
        asked_ns = clock.now_ns()
        value, silence = None, f"no answer within {self._watching.answer_s:g} s"
        with anyio.move_on_after(self._watching.answer_s):
            try:
                value, silence = await self._field(), ""
            except NoAnswer as error:
                silence = str(error) or "no answer"
        self.last = Said(asked_ns, clock.now_ns(), value, silence)
        return self.last

    async def pause(self) -> None:
        """
        Waits until the next question is due.
        """
        if self.last is not None:
            await clock.sleep_until(self.last.asked_ns + round(self._watching.look_s * clock.NS_PER_S))

    def told(self) -> str:
        """
        What the DUT said last, in words.
        """
        if self.last is None:
            return "the DUT was never asked"
        if self.last.silence:
            return f"the DUT did not answer ({self.last.silence})"
        return f"the DUT reported {self._watching.field} = {json.dumps(self.last.value)}"

    async def _field(self) -> Any:
        answer = await self._service.request("GET", self._watching.path)
        try:
            told = json.loads(answer.body)
        except ValueError as error:
            raise NoAnswer(f"not JSON: {answer.body[:40]!r}") from error
        return told.get(self._watching.field) if isinstance(told, dict) else None
