"""
A port accepts connections.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..model.drill import ProbeSpec
from ..protocols import Roles, TcpService


class Tcp:
    """
    Connects, and hangs up.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        It takes no keys of its own: the rig says which port.
        """

    measures: tuple[str, ...] = ()

    def __init__(self, spec: ProbeSpec, roles: Roles) -> None:
        self._service = roles.get(spec.role, TcpService)

    async def ask(self) -> bool:
        """
        Connects once. Raises NoAnswer.
        """
        await self._service.connect()
        return True

    def accepts(self, sample: object | None) -> bool:
        """
        Whether anything listens.
        """
        return sample is not None

    def measured(self) -> dict[str, float]:
        """
        Nothing but its answers.
        """
        return {}
