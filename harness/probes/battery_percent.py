"""
The DUT knows how full its battery is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from ..errors import UsageError
from ..model.drill import ProbeSpec
from ..protocols import HttpAnswer, HttpService, NoAnswer, Roles


class BatteryPercent:
    """
    Asks the DUT for its battery's level, and counts the different whole percents that it has reported.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        Well is a JSON answer with a number in `field`, in percent, from `min` to `max`. No number is not 0 %.
        """

        path: str = "/health"
        field: str = "battery_percent"
        min_ratio: float = 0.0
        max_ratio: float = 1.0

        def __post_init__(self) -> None:
            if not 0 <= self.min_ratio <= self.max_ratio <= 1:
                raise UsageError("must be at least 0 % and at most `max`, which is at most 100 %", key="min")

    measures: tuple[str, ...] = ("percents_seen", "least_percent")

    def __init__(self, spec: ProbeSpec, roles: Roles) -> None:
        assert isinstance(spec.config, BatteryPercent.Config)
        self._config = spec.config
        self._service = roles.get(spec.role, HttpService)
        self.arm()

    def arm(self) -> None:
        """
        The steady state is met: what was reported before it does not count.
        """
        self._seen: set[int] = set()

    async def ask(self) -> bool:
        """
        Asks once. Raises NoAnswer.
        """
        answer = await self._service.request("GET", self._config.path)
        percent = self._percent(answer)
        if percent is None:
            raise NoAnswer(f"no number as `{self._config.field}` in {answer.body[:120]!r}")
        self._seen.add(round(percent))
        return self._is_within(percent)

    def accepts(self, sample: HttpAnswer | None) -> bool:
        """
        Whether an answer has a level in the band; silence has none.
        """
        percent = None if sample is None else self._percent(sample)
        return percent is not None and self._is_within(percent)

    def measured(self) -> dict[str, float]:
        """
        How many whole percents it has reported, and the least of them.
        """
        if not self._seen:
            return {"percents_seen": 0}
        return {"percents_seen": len(self._seen), "least_percent": min(self._seen)}

    def _is_within(self, percent: float) -> bool:
        return 100 * self._config.min_ratio <= percent <= 100 * self._config.max_ratio

    def _percent(self, answer: HttpAnswer) -> float | None:
        try:
            told = json.loads(answer.body)
        except ValueError:
            return None
        value = told.get(self._config.field) if isinstance(told, dict) else None
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
