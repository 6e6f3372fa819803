"""
A Prometheus finds nothing wrong.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ..errors import DeviceError, UsageError
from ..insist import answered
from ..model.drill import ProbeSpec
from ..protocols import HttpAnswer, HttpService, NoAnswer, Roles

# Of a probe's time-out: after this part of it the monitoring is blamed, and not, at its end, the DUT.
_PATIENCE = 0.9


class Prometheus:
    """
    Puts a query to a Prometheus (`GET /api/v1/query`) that watches the DUT, as an alerting rule does: it is unwell when
    anything comes out, or a number other than 0.

    The Prometheus is no DUT: one that does not answer, or does not understand the query, is the bench's trouble, and
    never an alert.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        A query in PromQL that finds what is wrong, such as `up{job="edge"} == 0` or `ALERTS{alertstate="firing"}`.
        """

        query: str
        path: str = "/api/v1/query"

        def __post_init__(self) -> None:
            if not self.query.strip():
                raise UsageError("is empty; write what finds something wrong, like `up == 0`", key="query")

    measures: tuple[str, ...] = ()
    is_of_others = True

    def __init__(self, spec: ProbeSpec, roles: Roles) -> None:
        assert isinstance(spec.config, Prometheus.Config)
        self._service = roles.get(spec.role, HttpService)
        self._within_s = _PATIENCE * spec.timeout_s
        self._path = f"{spec.config.path}?query={quote(spec.config.query, safe='')}"

    async def ask(self) -> bool:
        """
        Asks once. Raises DeviceError when the Prometheus gives no result.
        """
        try:
            answer = await answered(
                self._service.name, lambda: self._service.request("GET", self._path), self._within_s
            )
        except NoAnswer as silence:
            raise DeviceError(self._service.name, str(silence)) from silence
        return self._is_quiet(answer)

    def accepts(self, sample: HttpAnswer | None) -> bool:
        """
        Whether an answer has nothing in it.
        """
        return sample is not None and self._is_quiet(sample)

    def measured(self) -> dict[str, float]:
        """
        Nothing but its answers.
        """
        return {}

    def _is_quiet(self, answer: HttpAnswer) -> bool:
        try:
            told = json.loads(answer.body)
        except ValueError as error:
            raise DeviceError(self._service.name, f"{answer.status}: not JSON: {answer.body[:80]!r}") from error
        if not isinstance(told, Mapping) or told.get("status") != "success":
            problem = told.get("error") if isinstance(told, Mapping) else told
            raise DeviceError(self._service.name, f"{answer.status}: {problem}")
        try:
            return _is_nothing(told["data"])
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise DeviceError(self._service.name, f"not the result of a query: {answer.body[:80]!r}") from error


def _is_nothing(data: Mapping[str, Any]) -> bool:
    """
    Whether a result is empty, or the number 0. Values come as texts beside their times.
    """
    match data["resultType"]:
        case "vector" | "matrix":
            return len(data["result"]) == 0
        case "scalar":
            value = float(data["result"][1])
            return value == 0 or math.isnan(value)
        case kind:
            raise ValueError(kind)
