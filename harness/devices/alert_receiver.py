"""
Where somebody's monitoring sends its alerts while a run goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import anyio.to_thread

from ..errors import DeviceError, UsageError
from ..model.alert import HeardAlert, alerts_of
from ..model.instant import Instant
from ..protocols import Wiring
from ._alerts import Alerts
from ._webhook import Webhook


class AlertReceiver:
    """
    Takes the webhooks of an Alertmanager (version 4), at an address of its own, and those that the host takes in
    `POST /api/v1/alerts` and hands over.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        Where it listens on the bench's computer, such as `"127.0.0.1:9099"`, or `"0.0.0.0:9099"` for a monitoring that
        is elsewhere: nothing is asked of who posts there. Empty: only what the host hands over. Any path will do.
        """

        listen: str = ""

        def __post_init__(self) -> None:
            host, port = self.split()
            if self.listen and (not host or not 0 <= port < 65_536):
                raise UsageError(f"'{self.listen}' is no address; write it like 127.0.0.1:9099", key="listen")

        def split(self) -> tuple[str, int]:
            """
            Host and port; port -1 when there is none.
            """
            host, _, port = self.listen.rpartition(":")
            return host.removeprefix("[").removesuffix("]"), int(port) if port.isdecimal() else -1

        def resources(self) -> tuple[str, ...]:
            """
            The address that it takes.
            """
            return (f"address {self.listen}",) if self.listen else ()

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        self.name, self._config, self._wiring = name, config, wiring
        self._heard = Alerts(name)
        self._webhook: Webhook | None = None
        self._soon: Callable[..., Any] | None = None

    @property
    def address(self) -> tuple[str, int] | None:
        """
        Where it listens.
        """
        if self._webhook is None:
            return None
        host, port = self._webhook.socket.getsockname()[:2]
        return str(host), int(port)

    async def open(self) -> None:
        """
        Listens. Raises DeviceError when its address cannot be had.
        """
        self._heard = Alerts(self.name)
        self._soon = asyncio.get_running_loop().call_soon_threadsafe
        if not self._config.listen:
            return
        try:
            self._webhook = Webhook(self._config.split(), self._come)
        except OSError as error:
            raise DeviceError(self.name, f"cannot listen on {self._config.listen}: {error.strerror}") from error
        self._webhook.serve()

    async def aclose(self) -> None:
        """
        Listens no more.
        """
        self._soon = None
        if self._webhook is not None:
            webhook, self._webhook = self._webhook, None
            await anyio.to_thread.run_sync(webhook.end)

    def take(self, notification: Mapping[str, Any], at: Instant) -> None:
        """
        Takes what another process has received. Raises ValueError for what is no notification.
        """
        for alert in alerts_of(notification):
            self._heard.append(HeardAlert(alert=alert, at=at))

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
        if self._soon is None:
            raise DeviceError(self.name, "is not open")
        return self._heard

    def _come(self, notification: Mapping[str, Any], at: Instant) -> None:
        """
        In the thread of whoever posted.
        """
        heard = [HeardAlert(alert=alert, at=at) for alert in alerts_of(notification)]
        soon = self._soon
        if soon is None:
            raise ValueError("nobody listens any more")
        for alert in heard:
            soon(self._heard.append, alert)
