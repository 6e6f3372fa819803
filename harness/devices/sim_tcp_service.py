"""
A TCP port of a DUT that is a model in virtual time.
"""

from __future__ import annotations

from ._model import ModelDevice


class SimTcpService(ModelDevice):
    """
    Stands where `tcp_service` stands on other rigs; `host` names the unit in the rig's world.
    """

    async def connect(self) -> None:
        """
        Connects and hangs up. Raises NoAnswer. The caller sets the deadline.
        """
        await self._asked(self._model.connect)
