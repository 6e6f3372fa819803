"""
The DUT's supply, interrupted several times in a row, as by a loose plug or a recloser.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from .. import clock
from ..errors import Refused, UsageError
from ..model.drill import FaultSpec
from ..protocols import Roles, Strike
from ._supply import Supply, SupplyStrike


class PowerFlicker:
    """
    Interrupts the supply `times` times: off for `off`, on for `on` in between. Its length follows from these.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        Proven like a power cut; a flicker that the DUT should ride through names its own `effective_below` (volts).
        """

        times: int = 3
        off_s: float = 0.1
        on_s: float = 0.5
        effective_below_v: float | None = None
        removed_above_ratio: float = 0.9
        prove_s: float = 5.0

        def __post_init__(self) -> None:
            if self.times < 1:
                raise UsageError("must be at least 1", key="times")
            for key, value in (("off", self.off_s), ("on", self.on_s)):
                if value <= 0:
                    raise UsageError("must be more than 0", key=key)

    expects_loss = True

    def __init__(self, spec: FaultSpec, roles: Roles) -> None:
        if spec.for_s is not None:
            raise UsageError("a flicker's length follows from `times`, `off` and `on`; leave it out", key="for")
        assert isinstance(spec.config, PowerFlicker.Config)
        self._config = spec.config
        self._supply = Supply.of(spec.role, roles)
        switch = self._supply.switch
        if self._config.times > 1 and self._config.on_s < switch.min_on_s:
            raise Refused(f"{switch.name} must stay on for {switch.min_on_s:g} s at least, not {self._config.on_s:g} s")
        self.undo = self._supply.undo
        self.levels_v = self._supply.levels_v(self._config.effective_below_v, self._config.removed_above_ratio)
        self.strikes = ((self._supply.switch.name, self._config.off_s, self._config.times),)

    def plan(self) -> list[tuple[float, str]]:
        """
        Off and on, as often as it says.
        """
        name, config = self._supply.switch.name, self._config
        steps = []
        for index in range(config.times):
            start_s = index * (config.off_s + config.on_s)
            steps += [(start_s, f"{name} off"), (start_s + config.off_s, f"{name} on")]
        return steps

    def inject(self) -> AbstractAsyncContextManager[Strike]:
        """
        Makes the first interruption on entering; restores on leaving.
        """
        strike = SupplyStrike(self._supply, self.levels_v, self._config.prove_s, self._flicker)
        return self._supply.interrupted(strike)

    async def _flicker(self, strike: SupplyStrike) -> None:
        off_ns, on_ns = (round(s * clock.NS_PER_S) for s in (self._config.off_s, self._config.on_s))
        stroke = strike.commanded
        for _ in range(self._config.times - 1):
            await clock.sleep_until(stroke.latest_ns + off_ns)
            stroke = await self._supply.on()
            await clock.sleep_until(stroke.latest_ns + on_ns)
            strike.is_repeated = True
            stroke = await self._supply.off()
        await clock.sleep_until(stroke.latest_ns + off_ns)
