"""
What the devices of virtual rigs share: the model of a DUT that they ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..errors import DeviceError
from ..protocols import HttpAnswer, Wiring


class Model(Protocol):
    """
    A DUT in virtual time.
    """

    async def request(self, method: str, path: str, body: bytes = b"") -> HttpAnswer:
        """
        One HTTP request. Raises NoAnswer.
        """

    async def connect(self) -> None:
        """
        Connects and hangs up. Raises NoAnswer.
        """

    def samples(self, since_ns: int) -> list[tuple[int, HttpAnswer | None]]:
        """
        What it would have answered, from each moment on.
        """


class ModelDevice:
    """
    A device that asks the model directly: no sockets and no threads, so that time can be virtual.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        `host` is the unit's name in the rig's world.
        """

        host: str

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        self.name = name
        self._host = config.host
        self._wiring = wiring
        self._unit: Model | None = None

    async def open(self) -> None:
        """
        Finds the unit. Raises UsageError when the rig's world has none of that name.
        """
        self._unit = self._wiring.unit(self._host)

    async def aclose(self) -> None:
        """
        Lets go of the unit.
        """
        self._unit = None

    def samples(self, since_ns: int) -> list[tuple[int, HttpAnswer | None]]:
        """
        For truth: what the unit would have answered to GET /health, from each moment on (nanoseconds).
        """
        return self._model.samples(since_ns)

    @property
    def _model(self) -> Model:
        if self._unit is None:
            raise DeviceError(self.name, "is not open")
        return self._unit
