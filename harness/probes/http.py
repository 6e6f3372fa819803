"""
An endpoint answers as it should.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..model.drill import ProbeSpec
from ..protocols import HttpAnswer, HttpService, Roles


class Http:
    """
    Asks for a path over a fresh connection.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        Well is an answer whose status is one of `status` and whose body contains `contains`.
        """

        path: str = "/health"
        method: str = "GET"
        status: tuple[int, ...] = (200,)
        contains: str = ""

    measures: tuple[str, ...] = ()

    def __init__(self, spec: ProbeSpec, roles: Roles) -> None:
        assert isinstance(spec.config, Http.Config)
        self._config = spec.config
        self._service = roles.get(spec.role, HttpService)
        self._contains = self._config.contains.encode()

    async def ask(self) -> bool:
        """
        Asks once. Raises NoAnswer.
        """
        answer = await self._service.request(self._config.method, self._config.path)
        return self.accepts(answer)

    def accepts(self, sample: HttpAnswer | None) -> bool:
        """
        Whether an answer is well; silence is not.
        """
        return sample is not None and sample.status in self._config.status and self._contains in sample.body

    def measured(self) -> dict[str, float]:
        """
        Nothing but its answers.
        """
        return {}
