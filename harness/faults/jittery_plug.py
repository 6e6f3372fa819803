"""
A plug that is pulled, and put back by a hand that is not steady.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from random import Random

from .. import clock
from ..errors import Refused, UsageError
from ..model.drill import FaultSpec
from ..protocols import Roles, Strike
from ._supply import Supply, SupplyStrike


class JitteryPlug:
    """
    Cuts the supply for `out`, then makes and breaks it at random before it stays on. Drawn from the run's seed, anew
    for each trial, and the same for the same seed.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        How often it bounces, and for how long in all, are each drawn between a least and a most; no contact lasts less
        than `shortest`, open or closed. Proven like a power cut, by the first interruption.
        """

        out_s: float = 1.0
        bounces_least: int = 5
        bounces_most: int = 20
        lasts_least_s: float = 1.0
        lasts_most_s: float = 3.0
        shortest_s: float = 0.02
        effective_below_v: float | None = None
        removed_above_ratio: float = 0.9
        prove_s: float = 5.0

        def __post_init__(self) -> None:
            for key, value in (("out", self.out_s), ("shortest", self.shortest_s)):
                if value <= 0:
                    raise UsageError("must be more than 0", key=key)
            if not 1 <= self.bounces_least <= self.bounces_most:
                raise UsageError("must be at least 1, and not more than `bounces_most`", key="bounces_least")
            if self.lasts_most_s < self.lasts_least_s:
                raise UsageError("must not be more than `lasts_most`", key="lasts_least")
            needed_s = 2 * self.bounces_most * self.shortest_s
            if self.lasts_least_s < needed_s:
                told = f"too short: {self.bounces_most} bounces take {needed_s:g} s at least"
                raise UsageError(told, key="lasts_least")

    expects_loss = True

    def __init__(self, spec: FaultSpec, roles: Roles) -> None:
        if spec.for_s is not None:
            raise UsageError("its length is drawn from `out` and `lasts`; leave it out", key="for")
        assert isinstance(spec.config, JitteryPlug.Config)
        self._config = config = spec.config
        self._supply = Supply.of(spec.role, roles)
        switch = self._supply.switch
        if config.shortest_s < switch.min_on_s:
            raise Refused(f"{switch.name} must stay on for {switch.min_on_s:g} s at least: it cannot jitter")
        self.undo = self._supply.undo
        self.levels_v = self._supply.levels_v(config.effective_below_v, config.removed_above_ratio)
        self._contacts_s = [config.out_s, *_drawn(config, Random(spec.seed))]
        self.strikes = ((switch.name, min(config.out_s, config.shortest_s), len(self._contacts_s) // 2 + 1),)

    def plan(self) -> list[tuple[float, str]]:
        """
        Off and on, as it was drawn.
        """
        name, steps, at_s = self._supply.switch.name, [(0.0, f"{self._supply.switch.name} off")], 0.0
        for index, lasts_s in enumerate(self._contacts_s):
            at_s += lasts_s
            steps.append((at_s, f"{name} {'off' if index % 2 else 'on'}"))
        return steps

    def inject(self) -> AbstractAsyncContextManager[Strike]:
        """
        Pulls it on entering; on leaving it stays plugged in.
        """
        strike = SupplyStrike(self._supply, self.levels_v, self._config.prove_s, self._jitter)
        strike.delivered = f"{self.strikes[0][2]} interruptions in {sum(self._contacts_s):.3f} s, as drawn"
        return self._supply.interrupted(strike)

    async def _jitter(self, strike: SupplyStrike) -> None:
        stroke = strike.commanded
        for index, lasts_s in enumerate(self._contacts_s[:-1]):
            await clock.sleep_until(stroke.latest_ns + round(lasts_s * clock.NS_PER_S))
            if index % 2:
                strike.is_repeated = True
                stroke = await self._supply.off()
            else:
                stroke = await self._supply.on()
        await clock.sleep_until(stroke.latest_ns + round(self._contacts_s[-1] * clock.NS_PER_S))


def _drawn(config: JitteryPlug.Config, random: Random) -> list[float]:
    """
    How long each contact lasts, in seconds: closed, open, closed, ... The time that is left over their least is cut at
    random places, so that any of them may be long.
    """
    count = 2 * random.randint(config.bounces_least, config.bounces_most)
    spare_s = random.uniform(config.lasts_least_s, config.lasts_most_s) - count * config.shortest_s
    cuts_s = sorted(random.uniform(0, spare_s) for _ in range(count - 1))
    return [config.shortest_s + end - start for start, end in zip([0.0, *cuts_s], [*cuts_s, spare_s], strict=True)]
