"""
No acknowledged write is lost.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from ..model.drill import ProbeSpec
from ..protocols import HttpAnswer, HttpService, NoAnswer, Roles


class Witness:
    """
    Has the DUT write records, remembers which it acknowledged, and looks for them when it comes back.

    An answer is well; a lost write is not silence but a finding, counted for criteria such as `lost_writes == 0`.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        Where records are posted, and where the DUT says what it holds.
        """

        path: str = "/records"

    measures: tuple[str, ...] = ("lost_writes", "acknowledged_writes")

    def __init__(self, spec: ProbeSpec, roles: Roles) -> None:
        assert isinstance(spec.config, Witness.Config)
        self._path = spec.config.path
        self._service = roles.get(spec.role, HttpService)
        self._acknowledged = 0
        self._last_seq = 0
        self._lost = 0
        self._known_lost: int | None = None
        self._must_look = True

    async def ask(self) -> bool:
        """
        Writes one record; after a silence first looks for those acknowledged before. Raises NoAnswer.
        """
        look, self._must_look = self._must_look, True
        if look:
            self._look(_fields(await self._service.request("GET", self._path)))
        answer = await self._service.request("POST", self._path, b"w%d" % self._acknowledged)
        if not self.accepts(answer):
            return False
        self._note(_fields(answer))
        self._must_look = False
        return True

    def _look(self, held: dict[str, int]) -> None:
        missing = max(0, self._last_seq - held["last_seq"]) if self._last_seq else 0
        self._count(missing, held)
        self._last_seq = held["last_seq"]

    def _note(self, acknowledged: dict[str, int]) -> None:
        seq = acknowledged["seq"]
        self._count(max(0, self._last_seq - seq + 1), acknowledged)
        self._last_seq = seq
        self._acknowledged += 1

    def _count(self, missing: int, told: dict[str, int]) -> None:
        """
        Counts what the DUT itself finds missing or damaged, and what it no longer has of what we saw acknowledged.

        An outage between two questions, which nobody noticed, shows in what an acknowledgement tells.
        """
        known = self._known_lost
        if {"lost", "corrupt"} & told.keys():
            self._known_lost = told.get("lost", 0) + told.get("corrupt", 0)
        # What it had lost before the first look is not of this trial.
        more = 0 if known is None or self._known_lost is None else self._known_lost - known
        self._lost += max(missing, more)

    def accepts(self, sample: HttpAnswer | None) -> bool:
        """
        Whether the DUT answered a write.
        """
        return sample is not None and sample.status == 200

    def measured(self) -> dict[str, float]:
        """
        How many writes it acknowledged, and how many of those are gone.
        """
        return {"lost_writes": self._lost, "acknowledged_writes": self._acknowledged}


def _fields(answer: HttpAnswer) -> dict[str, int]:
    try:
        fields = json.loads(answer.body)
    except ValueError as error:
        raise NoAnswer(f"not JSON: {answer.body[:40]!r}") from error
    if not isinstance(fields, dict) or not {"last_seq", "seq"} & fields.keys():
        raise NoAnswer(f"neither `seq` nor `last_seq` in {answer.body[:40]!r}")
    return fields
