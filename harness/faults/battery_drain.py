"""
The DUT's battery, running down step by step.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial

from .. import clock
from ..errors import UsageError
from ..model.drill import FaultSpec
from ..protocols import Roles, Strike
from ._battery import BatteryStrike, Pack, percent
from ._report import Said, Watching


class BatteryDrain:
    """
    Goes from one level to a lower one, a step every so often; its length follows from these. Proven by the DUT's own
    report of the first step. A `battery_percent` probe counts how many percents the DUT has seen.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config(Watching):
        """
        By default a phone-sized battery under load: 1 % every 30 s.
        """

        from_ratio: float = 1.0
        to_ratio: float = 0.1
        step_ratio: float = 0.01
        every_s: float = 30.0

        def __post_init__(self) -> None:
            Watching.__post_init__(self)
            if not 0 <= self.to_ratio < self.from_ratio <= 1:
                raise UsageError("must be at least 0 % and less than `from`, which is at most 100 %", key="to")
            if not 0 < self.step_ratio <= self.from_ratio - self.to_ratio + 1e-9:
                raise UsageError("must be more than 0 % and at most all the way from `from` to `to`", key="step")
            if self.every_s <= 0:
                raise UsageError("must be more than 0", key="every")

    expects_loss = False
    levels_v = (0.0, 0.0)

    def __init__(self, spec: FaultSpec, roles: Roles) -> None:
        if spec.for_s is not None:
            raise UsageError("a drain's length follows from `from`, `to`, `step` and `every`; leave it out", key="for")
        assert isinstance(spec.config, BatteryDrain.Config)
        self._every_s = spec.config.every_s
        self._levels = _levels(spec.config)
        self._pack = Pack.of(spec.role, spec.config, roles)
        self.undo = self._pack.undo
        self.strikes = ((self._pack.battery.name, len(self._levels) * self._every_s, 1),)

    def plan(self) -> list[tuple[float, str]]:
        """
        Every level in its turn, then full.
        """
        name = self._pack.battery.name
        steps = [(index * self._every_s, f"{name} {level:g} %") for index, level in enumerate(self._levels)]
        return [*steps, (len(steps) * self._every_s, f"{name} full")]

    def inject(self) -> AbstractAsyncContextManager[Strike]:
        """
        Shows the first level on entering, a full battery on leaving.
        """
        battery = self._pack.battery
        return self._pack.commanded(
            BatteryStrike(
                self._pack,
                command=lambda: battery.set_level(self._levels[0]),
                shows=self._has_stepped,
                pattern=self._run_down,
            )
        )

    def _has_stepped(self, said: Said) -> bool:
        # Half-way between two levels, so that a rounding is no step.
        first, second = self._levels[:2]
        return said.number is not None and said.number <= (first + second) / 2

    async def _run_down(self, strike: BatteryStrike) -> None:
        start_ns, every_ns = strike.commanded.latest_ns, round(self._every_s * clock.NS_PER_S)
        for index, level in enumerate(self._levels[1:], start=1):
            await clock.sleep_until(start_ns + index * every_ns)
            await self._pack.tell(partial(self._pack.battery.set_level, level))
        await clock.sleep_until(start_ns + len(self._levels) * every_ns)


def _levels(config: BatteryDrain.Config) -> list[float]:
    """
    Every level in percent; the last step is shorter where the steps do not come out even.
    """
    ratios = (config.from_ratio, config.to_ratio, config.step_ratio)
    first, last, step = (percent(ratio) for ratio in ratios)
    whole_steps = int((first - last) / step + 1e-6)
    levels = [round(first - index * step, 6) for index in range(whole_steps + 1)]
    return levels if levels[-1] == last else [*levels, last]
