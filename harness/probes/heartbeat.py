"""
The DUT's heart beats.
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import clock
from ..errors import UsageError
from ..insist import answered
from ..model.drill import ProbeSpec
from ..model.instant import Instant
from ..protocols import EdgeCounter, Roles

# Of a probe's time-out: after this part of it whoever counts the edges is blamed, and not, at its end, the DUT.
_PATIENCE = 0.9


class Heartbeat:
    """
    Looks for edges on a line that the DUT toggles while its program runs: no network is in between.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        Well is an edge within the last `within_s`, and as many as `edges`, if that is more than one.
        """

        within_s: float
        edges: int = 1

        def __post_init__(self) -> None:
            if self.within_s <= 0:
                raise UsageError("must be more than 0", key="within")
            if self.edges < 1:
                raise UsageError("must be a whole number from 1 up", key="edges")

    measures: tuple[str, ...] = ()

    def __init__(self, spec: ProbeSpec, roles: Roles) -> None:
        assert isinstance(spec.config, Heartbeat.Config)
        self._config = spec.config
        self._counter = roles.get(spec.role, EdgeCounter)
        self._patience_s = _PATIENCE * spec.timeout_s

    async def ask(self) -> bool:
        """
        Looks once. Raises DeviceError when edges were lost on their way, or cannot be had: the bench's trouble.
        """
        since = Instant.exactly(clock.now_ns() - round(self._config.within_s * clock.NS_PER_S))
        edges = await answered(self._counter.name, lambda: self._counter.since(since), self._patience_s)
        return self.accepts(edges)

    def accepts(self, sample: list[tuple[Instant, int]] | None) -> bool:
        """
        Whether so many edges are enough.
        """
        return sample is not None and len(sample) >= self._config.edges

    def measured(self) -> dict[str, float]:
        """
        Nothing but its answers.
        """
        return {}
