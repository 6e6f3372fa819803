"""
The DUT's supply, cut clean and restored.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import anyio

from .. import clock
from ..errors import UsageError
from ..model.drill import FaultSpec
from ..protocols import Roles, Strike
from ._supply import Supply, SupplyStrike

# The meter is asked for the discharge so many of its periods before the cut may end, so that its answer is there.
_LOOK_PERIODS = 4


class PowerCut:
    """
    Cuts the supply; proven by the rail's fall below the DUT's brown-out level.

    A cut `for` so long ends no sooner than the rail was seen discharged: what is restored before has not lost its
    power. With an `off_dwell` instead, the supply comes back so long after the rail's fall, discharged or not.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        `effective_below` (volts) replaces the DUT's brown-out level; the removal is proven at `removed_above` of the
        nominal voltage, within `prove`, which is also how long a cut waits, at most, for the rail's fall and discharge.

        Discharged is a rail below `discharged_below` of the nominal voltage. An `off_dwell` counts from the latest
        moment at which the rail can have fallen, so that the DUT is without power for no less.
        """

        off_dwell_s: float | None = None
        effective_below_v: float | None = None
        discharged_below_ratio: float = 0.1
        removed_above_ratio: float = 0.9
        prove_s: float = 5.0

        def __post_init__(self) -> None:
            if self.off_dwell_s is not None and self.off_dwell_s <= 0:
                raise UsageError("must be more than 0", key="off_dwell")
            if not 0 < self.discharged_below_ratio < 1:
                raise UsageError("must be more than 0 % and less than 100 %", key="discharged_below")

    expects_loss = True

    def __init__(self, spec: FaultSpec, roles: Roles) -> None:
        assert isinstance(spec.config, PowerCut.Config)
        self._config, self._dwell_s = spec.config, spec.config.off_dwell_s
        if spec.for_s is not None and self._dwell_s is not None:
            raise UsageError("give either `for` or `off_dwell`, not both", key="for")
        length_s = spec.for_s if self._dwell_s is None else self._dwell_s
        if length_s is None:
            raise UsageError('missing; how long the supply is cut, like `for = "3 s"`, or `off_dwell`', key="for")
        self._length_s = length_s
        self._supply = Supply.of(spec.role, roles)
        self.undo = self._supply.undo
        self.levels_v = self._supply.levels_v(self._config.effective_below_v, self._config.removed_above_ratio)
        self.strikes = ((self._supply.switch.name, self._length_s, 1),)

    def plan(self) -> list[tuple[float, str]]:
        """
        Off, then on.
        """
        name = self._supply.switch.name
        when = "once the rail has discharged" if self._dwell_s is None else f"{self._dwell_s:g} s after the rail's fall"
        return [(0.0, f"{name} off"), (self._length_s, f"{name} on, {when}")]

    def inject(self) -> AbstractAsyncContextManager[Strike]:
        """
        Cuts on entering, restores on leaving.
        """
        pattern = self._until_discharged if self._dwell_s is None else self._dwell
        return self._supply.interrupted(SupplyStrike(self._supply, self.levels_v, self._config.prove_s, pattern))

    async def _until_discharged(self, strike: SupplyStrike) -> None:
        due_ns = strike.commanded.latest_ns + _ns(self._length_s)
        await clock.sleep_until(due_ns - _LOOK_PERIODS * _ns(self._supply.meter.period_s))
        below_v = self._config.discharged_below_ratio * self._supply.dut.nominal_v
        await strike.discharge(below_v, until_ns=due_ns + _ns(self._config.prove_s))
        await clock.sleep_until(due_ns)

    async def _dwell(self, strike: SupplyStrike) -> None:
        with anyio.move_on_after(self._config.prove_s):
            await strike.fall()
        if strike.has_fallen:
            await clock.sleep_until((await strike.fall()).latest_ns + _ns(self._length_s))


def _ns(s: float) -> int:
    return round(s * clock.NS_PER_S)
