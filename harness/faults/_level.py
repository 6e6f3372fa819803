"""
What the faults of a fixed battery level share.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from ..errors import UsageError
from ..model.drill import FaultSpec
from ..protocols import Roles, Strike
from ._battery import NEAR_PERCENT, BatteryStrike, Pack, percent, stay
from ._report import Said, Watching


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelConfig(Watching):
    """
    The level, and where the DUT reports what it believes.
    """

    level_ratio: float

    def __post_init__(self) -> None:
        Watching.__post_init__(self)
        if not 0 <= self.level_ratio <= 1:
            raise UsageError("must be from 0 % to 100 %", key="level")


class Level:
    """
    Shows the DUT a level for as long as it is asked to; proven by the DUT's own report of it, within 1 %.
    """

    expects_loss = False
    levels_v = (0.0, 0.0)

    def __init__(self, spec: FaultSpec, roles: Roles) -> None:
        if spec.for_s is None:
            raise UsageError('missing; how long the level is shown, like `for = "5 min"`', key="for")
        assert isinstance(spec.config, LevelConfig)
        self._for_s = spec.for_s
        self._percent = percent(spec.config.level_ratio)
        self._pack = Pack.of(spec.role, spec.config, roles)
        self.undo = self._pack.undo
        self.strikes = ((self._pack.battery.name, self._for_s, 1),)

    def plan(self) -> list[tuple[float, str]]:
        """
        The level, then full.
        """
        name = self._pack.battery.name
        return [(0.0, f"{name} {self._percent:g} %"), (self._for_s, f"{name} full")]

    def inject(self) -> AbstractAsyncContextManager[Strike]:
        """
        Shows the level on entering, a full battery on leaving.
        """
        battery = self._pack.battery
        return self._pack.commanded(
            BatteryStrike(
                self._pack,
                command=lambda: battery.set_level(self._percent),
                shows=self._is_shown,
                pattern=lambda strike: stay(strike, self._for_s),
            )
        )

    def _is_shown(self, said: Said) -> bool:
        return said.number is not None and abs(said.number - self._percent) <= NEAR_PERCENT
