"""
An operator's monitoring has sent an alert.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..model.alert import HeardAlert
from ..model.drill import ProbeSpec
from ..model.instant import Instant
from ..protocols import AlertSource, Roles


class Alertmanager:
    """
    Hears what an Alertmanager (webhook, version 4) tells the bench: an alert that fires, until it is resolved.

    The instant of an alert is that of its coming to the bench. It is told again as long as it fires, which is no news;
    one that has fired since before the fault is none either.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        Which alerts count: those of that name (any, if empty) that have all of the `labels`, with these values.
        """

        alertname: str = ""
        labels: Mapping[str, str] = field(default_factory=dict)

    measures: tuple[str, ...] = ("alerts_fired",)
    is_of_others = True

    def __init__(self, spec: ProbeSpec, roles: Roles) -> None:
        assert isinstance(spec.config, Alertmanager.Config)
        named = {"alertname": spec.config.alertname} if spec.config.alertname else {}
        self._labels = {**spec.config.labels, **named}
        self._source = roles.get(spec.role, AlertSource)
        self._next: int | None = None
        self._firing: dict[str, HeardAlert] = {}
        self._begun: list[HeardAlert] = []
        self.arm()

    def arm(self) -> None:
        """
        The steady state is met: what fired before it does not count.
        """
        self._fired = 0

    async def ask(self) -> bool:
        """
        Whether none fires.
        """
        self._catch_up()
        return not self._firing

    def attend(self) -> str:
        """
        From now on any that begins to fire is waited for; returns those that do already. Raises DeviceError.
        """
        self._catch_up()
        self._begun.clear()
        return ", ".join(sorted(heard.alert.name for heard in self._firing.values()))

    async def announced(self) -> Instant:
        """
        Waits until one begins to fire; returns when it came. Raises DeviceError.
        """
        while True:
            number = self._catch_up()
            if self._begun:
                return Instant.first(*(heard.at for heard in self._begun))
            await self._source.more(number)

    def accepts(self, sample: object | None) -> bool:
        """
        Whether what the DUT answers is well, which no alert says.
        """
        return sample is not None

    def measured(self) -> dict[str, float]:
        """
        How many alerts began to fire.
        """
        return {"alerts_fired": self._fired}

    def _catch_up(self) -> int:
        """
        Takes in what has come; returns the number of the next one. What fired before the first look is no news.
        """
        if self._next is None:
            self._next, standing = self._source.standing()
            self._firing = {one.alert.key: one for one in standing if one.alert.has(self._labels)}
        self._next, heard = self._source.since(self._next)
        for one in heard:
            if one.alert.has(self._labels):
                self._note(one)
        return self._next

    def _note(self, heard: HeardAlert) -> None:
        key = heard.alert.key
        if not heard.alert.is_firing:
            self._firing.pop(key, None)
        elif key not in self._firing:
            self._firing[key] = heard
            self._begun.append(heard)
            self._fired += 1
