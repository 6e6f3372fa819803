"""
One dip of the DUT's supply as a row of a standard asks for it; to nothing, it is an interruption.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Literal

import anyio

from .. import clock
from ..errors import Refused, UsageError
from ..model.drill import FaultSpec
from ..model.instant import Instant
from ..protocols import PulseSwitch, Roles, Strike
from ._interruption import interrupted
from ._supply import Supply, SupplyStrike

# A switch that can do so times dips of up to this by itself. Of longer ones the host's own lateness is a hundredth,
# and whoever watches the DUT should be told of the fault when it begins, not when it is over.
_BY_ITSELF_S = 0.2

# A dip can be proven that has a whole reading in it: one may be under way when it begins, and the rail takes time to
# fall.
_READINGS = 3
_SETTLE_PERIODS = 4


class SupplyDip:
    """
    The supply down to `residual` for `off`; proven by a reading of the rail below `effective_below` meanwhile.

    A switch can only interrupt the unit's own supply: whatever else a row asks for is refused, with what it needs. The
    DUT may ride through it or not.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        The residual voltage is a part of the nominal one. `side` is where it is asked for: before the unit's adaptor
        (`ac`) or behind it. `path` is what the unit sees of the supply: a line that is `open`, or `shorted` to return.

        Effect and removal are the rail's crossings of one level, by default 5 % below nominal: the usual tolerance.
        """

        off_s: float
        residual_ratio: float = 0.0
        side: Literal["ac", "dc"] = "dc"
        path: Literal["open", "shorted"] = "open"
        effective_below_ratio: float = 0.95
        prove_s: float = 5.0

        def __post_init__(self) -> None:
            if self.off_s <= 0:
                raise UsageError("must be more than 0", key="off")
            if self.residual_ratio < 0:
                raise UsageError("must not be negative", key="residual")
            if not 0 < self.effective_below_ratio < 1:
                raise UsageError("must be more than 0 % and less than 100 %", key="effective_below")

    expects_loss = None

    def __init__(self, spec: FaultSpec, roles: Roles) -> None:
        if spec.for_s is not None:
            raise UsageError("a dip is as long as its `off`; leave it out", key="for")
        assert isinstance(spec.config, SupplyDip.Config)
        self._config = config = spec.config
        self._supply = Supply.of(spec.role, roles)
        self._refuse()
        self.undo = self._supply.undo
        level_v = config.effective_below_ratio * self._supply.dut.nominal_v
        self.levels_v = (level_v, level_v)
        self.strikes = ((self._supply.switch.name, config.off_s, 1),)
        self._by_itself = isinstance(self._supply.switch, PulseSwitch) and config.off_s <= _BY_ITSELF_S

    def plan(self) -> list[tuple[float, str]]:
        """
        Off, then on.
        """
        name = self._supply.switch.name
        return [(0.0, f"{name} off{', by itself' * self._by_itself}"), (self._config.off_s, f"{name} on")]

    def inject(self) -> AbstractAsyncContextManager[Strike]:
        """
        Interrupts on entering, restores on leaving.
        """
        if self._by_itself:
            return interrupted(self._supply, self.levels_v, self._config.prove_s, self._config.off_s)
        return self._by_the_host()

    def _refuse(self) -> None:
        config, switch, meter = self._config, self._supply.switch, self._supply.meter
        if config.side == "ac":
            raise Refused(f"{switch.name} is not on the AC side: a dip there needs a mains source that keeps its phase")
        if config.residual_ratio:
            left = f"{100 * config.residual_ratio:g} % of the voltage"
            raise Refused(f"{switch.name} can only open: to leave {left} needs a programmable supply")
        if config.path == "shorted":
            raise Refused(f"{switch.name} leaves the unit's input open: to short it needs a changeover contact")
        # Below the switch's floor the guard refuses it with that, the better reason.
        if switch.min_pulse_s <= config.off_s < _READINGS * meter.period_s:
            raise Refused(
                f"{meter.name} cannot prove an interruption of {config.off_s * 1000:g} ms: "
                f"it makes a reading every {meter.period_s * 1000:.3g} ms, and a proof takes {_READINGS}"
            )

    @asynccontextmanager
    async def _by_the_host(self) -> AsyncIterator[Strike]:
        restored: list[Instant] = []

        async def interrupt(strike: SupplyStrike) -> None:
            await clock.sleep_until(strike.commanded.latest_ns + round(self._config.off_s * clock.NS_PER_S))
            restored.append(await self._supply.on())
            # A contact that opens late is seen to do so only now.
            with anyio.move_on_after(self._supply.switch.min_pulse_s + _SETTLE_PERIODS * self._supply.meter.period_s):
                await strike.fall()

        strike = SupplyStrike(self._supply, self.levels_v, self._config.prove_s, interrupt)
        async with self._supply.interrupted(strike):
            yield strike
        if restored:
            strike.removal_commanded = restored[0]
