"""
What users put into the DUT is there when they ask for it.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass

import anyio

from .. import clock
from ..model.drill import ProbeSpec
from ..protocols import HttpAnswer, HttpService, NoAnswer, Roles

# Of a probe's time-out: after this part of it we give up ourselves, and know what it was that failed.
_PATIENCE = 0.95

# A read is not begun with less of the time-out left than this: it would fail for want of our patience.
_FAIR = 0.25

# For each write: more than one, or reading would never get round to what was written first.
_READS = 3


class Items:
    """
    Has the DUT keep an item at a time, and asks for some that it acknowledged before, in turn for all of them.

    Well is a write that is acknowledged and reads that give what was written. What is missing, or something else, is
    a finding, counted for criteria such as `lost_items == 0`; so are writes and reads that failed.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        Items are posted to `path` as `{"key", "value"}`, and read at `path/KEY`.
        """

        path: str = "/items"

    measures: tuple[str, ...] = ("lost_items", "acknowledged_items", "failed_writes", "failed_reads")

    def __init__(self, spec: ProbeSpec, roles: Roles) -> None:
        assert isinstance(spec.config, Items.Config)
        self._path = spec.config.path
        self._service = roles.get(spec.role, HttpService)
        self._within_ns = round(_PATIENCE * spec.timeout_s * clock.NS_PER_S)
        self._fair_ns = round(_FAIR * spec.timeout_s * clock.NS_PER_S)
        self._run = f"{clock.now_ns():x}"
        self._kept: list[str] = []
        self._lost: set[str] = set()
        self._turn, self._written = 0, 0
        self.arm()

    def arm(self) -> None:
        """
        The steady state is met: what failed before it does not count.
        """
        self._failed = Counter[str]()

    async def ask(self) -> bool:
        """
        Writes one item, and reads some, as far as the write has left time for it. Raises NoAnswer.
        """
        until_ns = clock.now_ns() + self._within_ns
        key, self._written = f"{self._run}-{self._written}", self._written + 1
        body = json.dumps({"key": key, "value": _value(key)}).encode()
        if (await self._answer(until_ns, "writes", "POST", self._path, body)).status != 200:
            self._failed["writes"] += 1
            return False
        self._kept.append(key)
        for _ in range(_READS):
            if until_ns - clock.now_ns() < self._fair_ns:
                break
            if not await self._read(until_ns):
                return False
        return True

    async def _read(self, until_ns: int) -> bool:
        self._turn = self._turn if self._turn < len(self._kept) else 0
        key = self._kept[self._turn]
        self._turn += 1
        answer = await self._answer(until_ns, "reads", "GET", f"{self._path}/{key}")
        if answer.status not in (200, 404):
            self._failed["reads"] += 1
            return False
        is_there = answer.status == 200 and _read_value(answer) == _value(key)
        self._lost = self._lost - {key} if is_there else self._lost | {key}
        return is_there

    async def _answer(self, until_ns: int, what: str, method: str, path: str, body: bytes = b"") -> HttpAnswer:
        """
        An answer in time. Raises NoAnswer, which counts; to be cancelled does not: it may have been the trial's end.
        """
        why = "timed out"
        with anyio.move_on_after(max(0.0, (until_ns - clock.now_ns()) / clock.NS_PER_S)):
            try:
                return await self._service.request(method, path, body)
            except NoAnswer as error:
                why = str(error)
        self._failed[what] += 1
        raise NoAnswer(why)

    def accepts(self, sample: HttpAnswer | None) -> bool:
        """
        Whether the DUT acknowledged something.
        """
        return sample is not None and sample.status == 200

    def measured(self) -> dict[str, float]:
        """
        What was acknowledged, what of it is missing or wrong, and what failed.
        """
        return {
            "lost_items": len(self._lost),
            "acknowledged_items": len(self._kept),
            "failed_writes": self._failed["writes"],
            "failed_reads": self._failed["reads"],
        }


def _value(key: str) -> str:
    return f"value of {key}"


def _read_value(answer: HttpAnswer) -> object:
    try:
        told = json.loads(answer.body)
    except ValueError as error:
        raise NoAnswer(f"not JSON: {answer.body[:40]!r}") from error
    return told.get("value") if isinstance(told, dict) else None
