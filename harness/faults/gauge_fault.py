"""
The DUT's fuel gauge, lying.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal

from ..errors import UsageError
from ..model.drill import FaultSpec
from ..model.instant import Instant
from ..protocols import Roles, Strike
from ._battery import FULL_PERCENT, NEAR_PERCENT, BatteryStrike, Pack, percent, stay
from ._report import Said, Watching

_DEFAULT_BY = {"jump": -0.5, "drift": -0.1}


class GaugeFault:
    """
    Has the gauge lie for as long as it is asked to. What proves it, unless the DUT falls silent altogether:

    - `jump`: the DUT reports the level it had, off by `by`, within 1 %
    - `drift`: its report has moved by more than 1 % in the direction of `by`, which is for each minute
    - `garbage`: it reports something else than before by more than 1 %, or that it has no reading
    - `nack`: it reports that it has no reading
    - `stuck`: nothing that a DUT can tell from a steady battery; the gauge is read back while the battery behind it is
      emptied, and does not show that
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config(Watching):
        """
        The lie; `by` (percent of charge) is for `jump` and `drift`, `seed` for `garbage`.
        """

        lie: Literal["stuck", "jump", "drift", "garbage", "nack"]
        by_ratio: float | None = None
        seed: int = 1

        def __post_init__(self) -> None:
            Watching.__post_init__(self)
            if self.by_ratio is None:
                return
            if self.lie not in _DEFAULT_BY:
                raise UsageError(f"a gauge's `{self.lie}` has no size; only jump and drift have", key="by")
            if not 0.02 <= abs(self.by_ratio) <= 1:
                raise UsageError("must be at least 2 % and at most 100 %, up or down", key="by")

    expects_loss = False
    levels_v = (0.0, 0.0)

    def __init__(self, spec: FaultSpec, roles: Roles) -> None:
        if spec.for_s is None:
            raise UsageError('missing; how long the gauge lies, like `for = "1 min"`', key="for")
        assert isinstance(spec.config, GaugeFault.Config)
        self._config, self._for_s = spec.config, spec.for_s
        self._by = percent(spec.config.by_ratio or _DEFAULT_BY.get(spec.config.lie, 0.0))
        self._pack = Pack.of(spec.role, spec.config, roles)
        battery = self._pack.battery
        if reason := battery.cannot.get(self._config.lie):
            raise UsageError(f"'{battery.name}' cannot tell the lie '{self._config.lie}': {reason}", key="lie")
        self.undo = self._pack.undo
        self.strikes = ((battery.name, self._for_s, 1),)

    def plan(self) -> list[tuple[float, str]]:
        """
        The lie, then full and honest.
        """
        name = self._pack.battery.name
        size = f" by {self._by:+g} %" if self._by else ""
        return [(0.0, f"{name} lies: {self._config.lie}{size}"), (self._for_s, f"{name} full and honest")]

    def inject(self) -> AbstractAsyncContextManager[Strike]:
        """
        Lies on entering; full and honest on leaving.
        """
        return self._pack.commanded(_Lie(self._pack, self._config, self._by, self._for_s))


class _Lie(BatteryStrike):
    """
    A lie under way.
    """

    def __init__(self, pack: Pack, config: GaugeFault.Config, by: float, for_s: float) -> None:
        super().__init__(pack, self._tell, self._is_shown, lambda strike: stay(strike, for_s))
        self._lie, self._by, self._seed = config.lie, by, config.seed
        self._before: float | None = None
        self._battery = pack.battery

    async def look_before(self) -> None:
        """
        What the DUT reports before is what its later reports are held against.
        """
        await super().look_before()
        self._before = self.before_percent

    async def effective(self) -> Instant:
        """
        Waits until the DUT shows the lie; a stuck gauge was seen to be stuck by its own read-back.
        """
        if self._lie == "stuck":
            return self.commanded
        return await super().effective()

    async def _tell(self) -> Instant:
        return await self._battery.misbehave(self._lie, level_percent=self._by, seed=self._seed)

    def _is_shown(self, said: Said) -> bool:
        if self._before is None or said.silence:
            return False
        if said.number is None:
            return self._lie in ("garbage", "nack")
        moved = said.number - self._before
        if self._lie == "jump":
            expected = min(FULL_PERCENT, max(0.0, self._before + self._by))
            return abs(said.number - expected) <= NEAR_PERCENT < abs(expected - self._before)
        if self._lie == "drift":
            return moved * self._by > 0 and abs(moved) > NEAR_PERCENT
        return self._lie == "garbage" and abs(moved) > NEAR_PERCENT
