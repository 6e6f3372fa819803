"""
A supply that is too weak for a boot: it sags as often as the DUT draws current, and the DUT starts over.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from ..errors import Refused, UsageError
from ..model.drill import FaultSpec
from ..protocols import Roles, Strike
from ._reboots import Reboots
from ._supply import Supply, SupplyStrike


class SagLoop:
    """
    Interrupts the supply `times` times: first at once, then each time that the DUT, fed again, draws more than `draws`.
    Proven by the rail's fall each time.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        Each interruption lasts for `off`; `draws` (amperes) replaces the current that the rig calls a first sign of
        life, and is to be seen within `prove`.
        """

        times: int = 5
        off_s: float = 0.2
        draws_a: float | None = None
        effective_below_v: float | None = None
        removed_above_ratio: float = 0.9
        prove_s: float = 5.0

        def __post_init__(self) -> None:
            if self.times < 2:
                raise UsageError("must be at least 2: the loop begins with the second", key="times")
            if self.off_s <= 0:
                raise UsageError("must be more than 0", key="off")

    expects_loss = True

    def __init__(self, spec: FaultSpec, roles: Roles) -> None:
        if spec.for_s is not None:
            raise UsageError("its length follows from what the DUT does; leave it out", key="for")
        assert isinstance(spec.config, SagLoop.Config)
        self._config = config = spec.config
        self._supply = Supply.of(spec.role, roles)
        switch = self._supply.switch
        if switch.min_on_s > 0:
            raise Refused(f"{switch.name} must stay on for {switch.min_on_s:g} s at least: a sag does not wait")
        self._draws_a = self._supply.dut.first_sign_a if config.draws_a is None else config.draws_a
        self.undo = self._supply.undo
        self.levels_v = self._supply.levels_v(config.effective_below_v, config.removed_above_ratio)
        self.strikes = ((switch.name, config.off_s, config.times),)

    def plan(self) -> list[tuple[float, str]]:
        """
        Off and on, as if the DUT drew its current at once.
        """
        name, config = self._supply.switch.name, self._config
        steps = []
        for index in range(config.times):
            off = "off" if index == 0 else f"off, once {self._draws_a:g} A are drawn"
            steps += [(index * config.off_s, f"{name} {off}"), ((index + 1) * config.off_s, f"{name} on")]
        return steps

    def inject(self) -> AbstractAsyncContextManager[Strike]:
        """
        Makes the first interruption on entering; restores on leaving.
        """
        return self._supply.interrupted(SupplyStrike(self._supply, self.levels_v, self._config.prove_s, self._sag))

    async def _sag(self, strike: SupplyStrike) -> None:
        config = self._config
        reboots = Reboots(self._supply, config.times, config.off_s, self.levels_v[0], config.prove_s)
        await reboots.run(strike, self._load)
        if strike.has_fallen:
            on_cue = f"{config.times - 1} of them as soon as it drew more than {self._draws_a:g} A"
            strike.delivered = f"{config.times} interruptions, {on_cue}"

    async def _load(self, strike: SupplyStrike) -> None:
        told = f"{self._supply.switch.name} was commanded on, for the DUT to draw more than {self._draws_a:g} A"
        await strike.reading(lambda reading: (reading.current_a or 0.0) > self._draws_a, self._config.prove_s, told)
