"""
The DUT's supply, cut clean and restored.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from .. import clock
from ..errors import UsageError
from ..model.drill import FaultSpec
from ..protocols import Roles, Strike
from ._supply import Supply, SupplyStrike


class PowerCut:
    """
    Cuts the supply for as long as it is asked to; proven by the rail's fall below the DUT's brown-out level.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        `effective_below` (volts) replaces the DUT's brown-out level; the removal is proven at `removed_above` of the
        nominal voltage, within `prove`.
        """

        effective_below_v: float | None = None
        removed_above_ratio: float = 0.9
        prove_s: float = 5.0

    expects_loss = True

    def __init__(self, spec: FaultSpec, roles: Roles) -> None:
        if spec.for_s is None:
            raise UsageError('missing; how long the supply is cut, like `for = "3 s"`', key="for")
        assert isinstance(spec.config, PowerCut.Config)
        self._config, self._for_s = spec.config, spec.for_s
        self._supply = Supply.of(spec.role, roles)
        self.undo = self._supply.undo
        self.levels_v = self._supply.levels_v(self._config.effective_below_v, self._config.removed_above_ratio)
        self.strikes = ((self._supply.switch.name, self._for_s, 1),)

    def plan(self) -> list[tuple[float, str]]:
        """
        Off, then on.
        """
        name = self._supply.switch.name
        return [(0.0, f"{name} off"), (self._for_s, f"{name} on")]

    def inject(self) -> AbstractAsyncContextManager[Strike]:
        """
        Cuts on entering, restores on leaving.
        """
        strike = SupplyStrike(self._supply, self.levels_v, self._config.prove_s, self._stay_off)
        return self._supply.interrupted(strike)

    async def _stay_off(self, strike: SupplyStrike) -> None:
        await clock.sleep_until(strike.commanded.latest_ns + round(self._for_s * clock.NS_PER_S))
