"""
A value that a drill's criteria may name, taken from the metrics of the DUT.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..errors import UsageError
from ..model.quantity import Quantity
from ._scrape import Scrape, Selector
from ._series import Counted, LongestBelow, most_per_minute, total

# The ending of the unit of what is taken, where that does not depend on the metric.
_ENDINGS = {"ratio": "_ratio", "below": "_s", "per_minute": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """
    `take` of `metric`, where several samples are meant by it of their sum:

    `last`, `least`, `most`: of its values. `increase`: of counters over the trial. `per_minute`: the most that counters
    grew within any minute. `ratio`: the increase of `metric` as a part of that of all in `of`. `below`: the longest
    time for which one of its series was below `level`.

    `unit` says what a value is in, so that a criterion can be written with it. Each scrape is well if the value is from
    `min` to `max` at that moment.
    """

    name: str
    metric: str
    take: Literal["last", "least", "most", "increase", "per_minute", "ratio", "below"] = "last"
    of: tuple[str, ...] = ()
    level: float = 1.0
    unit: Literal["", "s", "ratio"] = ""
    min: float | None = None
    max: float | None = None

    def __post_init__(self) -> None:
        if not self.name.isidentifier() or not self.name.islower():
            raise UsageError(f"'{self.name}' is no name for criteria; write it like cache_hit_ratio", key="name")
        if (self.take == "ratio") != bool(self.of):
            raise UsageError('must be given with `take = "ratio"`, and only there: the metrics of the whole', key="of")
        for key, texts in (("metric", (self.metric,)), ("of", self.of)):
            for text in texts:
                try:
                    Selector.of(text)
                except UsageError as error:
                    raise error.within(key=key) from error

    @property
    def ending(self) -> str:
        """
        The ending of its unit.
        """
        return _ENDINGS.get(self.take, f"_{self.unit}" if self.unit else "")


class Deriving:
    """
    One derived value under way.
    """

    def __init__(self, spec: Derived) -> None:
        self.spec = spec
        self._selector = Selector.of(spec.metric)
        self._part = Counted(self._selector)
        self._whole = Counted(*(Selector.of(text) for text in spec.of))
        self._below = LongestBelow(self._selector, spec.level)
        self._now: float | None = None
        self._least: float | None = None
        self._most: float | None = None

    def feed(self, scrape: Scrape, *, restarted: bool) -> None:
        """
        Takes the next scrape.
        """
        self._now = now = total(self._selector.among(scrape.samples))
        if now is not None:
            self._least = now if self._least is None else min(self._least, now)
            self._most = now if self._most is None else max(self._most, now)
        self._part.feed(scrape, restarted=restarted)
        self._whole.feed(scrape, restarted=restarted)
        self._below.feed(scrape)

    def is_well(self) -> bool:
        """
        Whether the value of the last scrape is within its bounds; one that is not there is not.
        """
        low, high = self.spec.min, self.spec.max
        if low is None and high is None:
            return True
        return self._now is not None and (low is None or low <= self._now) and (high is None or self._now <= high)

    def value(self) -> float | Quantity | None:
        """
        What it comes to; None where there is nothing to say.
        """
        match self.spec.take:
            case "per_minute":
                return most_per_minute(self._part.points)
            case "below":
                return self._below.stretch()
            case "ratio":
                part, whole = self._part.grown, self._whole.grown
                return part / whole if part is not None and whole else None
            case "increase":
                return self._part.grown
            case "least":
                return self._least
            case "most":
                return self._most
            case "last":
                return self._now
