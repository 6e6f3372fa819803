"""
An operator's monitoring in virtual time, and where its alerts come in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from .. import clock
from ..errors import DeviceError, UsageError
from ..model.alert import Alert, HeardAlert
from ..model.instant import Instant
from ..protocols import Wiring
from ._alerts import Alerts
from ._model import Model


class SimAlertReceiver:
    """
    Stands where `alert_receiver` stands on other rigs, and plays whoever watches the DUT and posts there: it looks at a
    unit's /health, from when somebody first listens on, and fires when that was bad too often in a row; it is resolved
    when that was good as often.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        `host` is the unit's name in the rig's world. It looks every `every_s`; an alert comes `delay_s` after the look
        that fires it.
        """

        host: str
        alertname: str = "DutDown"
        every_s: float = 1.0
        failures: int = 3
        delay_s: float = 0.05

        def __post_init__(self) -> None:
            if self.every_s <= 0:
                raise UsageError("must be more than 0", key="every")
            if self.failures < 1:
                raise UsageError("must be a whole number from 1 up", key="failures")
            if not 0 <= self.delay_s < self.every_s:
                raise UsageError("must be at least 0 s, and less than `every`", key="delay")

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        self.name, self._config, self._wiring = name, config, wiring
        self._heard = Alerts(name)
        self._unit: Model | None = None
        self._is_firing = False
        self._against = 0
        self._looking: asyncio.TimerHandle | None = None
        self._coming: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        """
        Finds the unit. Raises UsageError when the rig's world has none of that name.
        """
        self._unit = self._wiring.unit(self._config.host)
        self._heard, self._is_firing, self._against = Alerts(self.name), False, 0

    async def aclose(self) -> None:
        """
        Watches no more.
        """
        for timer in (self._looking, self._coming):
            if timer is not None:
                timer.cancel()
        self._looking = self._coming = self._unit = None

    def standing(self) -> tuple[int, Sequence[HeardAlert]]:
        """
        The alerts that fire now, and the number of the next one. Raises DeviceError.
        """
        return self._opened.standing()

    def since(self, number: int) -> tuple[int, Sequence[HeardAlert]]:
        """
        What came from the alert of that number on, and the number of the next one. Raises DeviceError.
        """
        return self._opened.since(number)

    async def more(self, number: int) -> None:
        """
        Waits until the alert of that number has come.
        """
        await self._heard.more(number)

    @property
    def _opened(self) -> Alerts:
        if self._unit is None:
            raise DeviceError(self.name, "is not open")
        if self._looking is None:
            self._look()
        return self._heard

    def _look(self) -> None:
        assert self._unit is not None
        loop = asyncio.get_running_loop()
        answer = self._unit.samples(clock.now_ns())[0][1]
        is_well = answer is not None and answer.status == 200
        self._against = self._against + 1 if is_well is self._is_firing else 0
        if self._against == self._config.failures:
            self._is_firing, self._against = not self._is_firing, 0
            self._coming = loop.call_later(self._config.delay_s, self._come, self._is_firing)
        self._looking = loop.call_later(self._config.every_s, self._look)

    def _come(self, is_firing: bool) -> None:
        labels = {"alertname": self._config.alertname, "instance": self._config.host}
        alert = Alert(key=self._config.alertname, is_firing=is_firing, labels=labels)
        self._heard.append(HeardAlert(alert=alert, at=Instant.exactly(clock.now_ns())))
