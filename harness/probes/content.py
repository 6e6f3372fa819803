"""
The DUT serves the right content.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from ..errors import UsageError
from ..model.drill import ProbeSpec
from ..protocols import HttpAnswer, HttpService, Roles


class Content:
    """
    Asks for something that does not change, and counts how often something else was served for it.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        Well is a 200 with a body of that `sha256`; without one, of that of the last 200 before the steady state was
        met.
        """

        path: str
        sha256: str = ""

        def __post_init__(self) -> None:
            if self.sha256 and not re.fullmatch(r"[0-9a-f]{64}", self.sha256):
                raise UsageError("must be 64 hex digits", key="sha256")

    measures: tuple[str, ...] = ("wrong_contents",)
    has_truth = False
    """A world's book tells how it is, and not what it serves."""

    def __init__(self, spec: ProbeSpec, roles: Roles) -> None:
        assert isinstance(spec.config, Content.Config)
        self._path, self._right = spec.config.path, spec.config.sha256
        self._is_known, self._wrong = bool(spec.config.sha256), 0
        self._service = roles.get(spec.role, HttpService)

    def arm(self) -> None:
        """
        The steady state is met: what was served last is right from now on.
        """
        self._is_known, self._wrong = bool(self._right), 0

    async def ask(self) -> bool:
        """
        Asks once. Raises NoAnswer.
        """
        answer = await self._service.request("GET", self._path)
        if answer.status != 200:
            return False
        found = hashlib.sha256(answer.body).hexdigest()
        if not self._is_known:
            self._right = found
        self._wrong += found != self._right
        return found == self._right

    def accepts(self, sample: HttpAnswer | None) -> bool:
        """
        Whether an answer is the right one, as far as that is known.
        """
        if sample is None or sample.status != 200:
            return False
        return not self._right or hashlib.sha256(sample.body).hexdigest() == self._right

    def measured(self) -> dict[str, float]:
        """
        How often it served something else.
        """
        return {"wrong_contents": self._wrong}
