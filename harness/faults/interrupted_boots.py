"""
Boots that are cut short, several in a row, as by somebody who loses patience: what a boot counter is afraid of.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import anyio

from .. import clock
from ..errors import NotProven, Refused, UsageError
from ..model.drill import FaultSpec
from ..protocols import HttpService, NoAnswer, Roles, Strike
from ._reboots import Reboots
from ._supply import Supply, SupplyStrike


class InterruptedBoots:
    """
    Cuts the supply, and then `times` boots in a row, each `after` the rail has come back; then the DUT is left to boot.
    Proven by the rail's fall each time, and by the DUT's giving no answer before it.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        Each interruption lasts for `off`. Who is `seen`, asked for a `path` just before each cut, must not answer yet:
        within `answer`.
        """

        times: int = 3
        after_s: float = 1.0
        off_s: float = 0.5
        seen: str = "probes.health"
        path: str = "/health"
        answer_s: float = 0.1
        effective_below_v: float | None = None
        removed_above_ratio: float = 0.9
        prove_s: float = 5.0

        def __post_init__(self) -> None:
            if self.times < 1:
                raise UsageError("must be at least 1", key="times")
            for key, value in (("off", self.off_s), ("answer", self.answer_s)):
                if value <= 0:
                    raise UsageError("must be more than 0", key=key)
            if self.after_s < self.answer_s:
                raise UsageError("must leave time for a question: at least `answer`", key="after")

    expects_loss = True

    def __init__(self, spec: FaultSpec, roles: Roles) -> None:
        if spec.for_s is not None:
            raise UsageError("its length follows from `times`, `after` and `off`; leave it out", key="for")
        assert isinstance(spec.config, InterruptedBoots.Config)
        self._config = config = spec.config
        self._supply = Supply.of(spec.role, roles)
        self._service = roles.get(roles.sibling(spec.role, config.seen), HttpService)
        switch = self._supply.switch
        if config.after_s < switch.min_on_s:
            raise Refused(f"{switch.name} must stay on for {switch.min_on_s:g} s at least, not {config.after_s:g} s")
        self.undo = self._supply.undo
        self.levels_v = self._supply.levels_v(config.effective_below_v, config.removed_above_ratio)
        self.strikes = ((switch.name, config.off_s, config.times + 1),)

    def plan(self) -> list[tuple[float, str]]:
        """
        Off and on, as if the rail followed at once.
        """
        name, config = self._supply.switch.name, self._config
        steps = []
        for index in range(config.times + 1):
            start_s = index * (config.off_s + config.after_s)
            off = "off" if index == 0 else f"off, {config.after_s:g} s into boot {index}"
            steps += [(start_s, f"{name} {off}"), (start_s + config.off_s, f"{name} on")]
        return steps

    def inject(self) -> AbstractAsyncContextManager[Strike]:
        """
        Makes the first cut on entering; restores on leaving.
        """
        return self._supply.interrupted(
            SupplyStrike(self._supply, self.levels_v, self._config.prove_s, self._interrupt)
        )

    async def _interrupt(self, strike: SupplyStrike) -> None:
        config = self._config
        reboots = Reboots(self._supply, config.times + 1, config.off_s, self.levels_v[0], config.prove_s)
        await reboots.run(strike, self._into_the_boot)
        if strike.has_fallen:
            after = f"{config.after_s:g} s after its rail was up"
            strike.delivered = f"boots cut in a row: {config.times}, each {after}, before the DUT had answered"

    async def _into_the_boot(self, strike: SupplyStrike) -> None:
        config, name = self._config, self._supply.switch.name
        risen = await strike.reading(
            lambda reading: (reading.bus_v or 0.0) > self.levels_v[1], config.prove_s, f"{name} was commanded on"
        )
        due_ns = risen.at.latest_ns + round(config.after_s * clock.NS_PER_S)
        await clock.sleep_until(due_ns - round(config.answer_s * clock.NS_PER_S))
        with anyio.move_on_after(config.answer_s):
            try:
                await self._service.request("GET", config.path)
            except NoAnswer:
                pass
            else:
                raise NotProven(f"the DUT answered {config.after_s:g} s into its boot: that boot cannot be cut short")
        await clock.sleep_until(due_ns)
