"""
An HTTP service of a DUT that is a model in virtual time.
"""

from __future__ import annotations

from ..protocols import HttpAnswer
from ._model import ModelDevice


class SimHttpService(ModelDevice):
    """
    Stands where `http_service` stands on other rigs; `host` names the unit in the rig's world.
    """

    async def request(self, method: str, path: str, body: bytes = b"") -> HttpAnswer:
        """
        One request. Raises NoAnswer. The caller sets the deadline.
        """
        return await self._asked(lambda: self._model.request(method, path, body))
