"""
The DUT's supply, interrupted for milliseconds, as when mains are switched over: timed by the switch itself.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from ..errors import UsageError
from ..model.drill import FaultSpec
from ..protocols import PulseSwitch, Roles, Strike
from ._interruption import interrupted
from ._supply import Supply


class MicroInterruption:
    """
    One interruption of `off`; proven by a reading of the rail below `effective_below` while it lasted.

    A switch that cannot time it by itself is refused, and by the guard one that cannot make it so short.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        How long, and which part of the nominal voltage the rail must leave and come back to: close to all of it, for a
        rail that holds up, and a meter that takes milliseconds for each mean, see little of it.
        """

        off_s: float = 0.005
        effective_below_ratio: float = 0.98
        removed_above_ratio: float = 0.98
        prove_s: float = 5.0

        def __post_init__(self) -> None:
            if self.off_s <= 0:
                raise UsageError("must be more than 0", key="off")
            if not 0 < self.effective_below_ratio <= self.removed_above_ratio < 1:
                raise UsageError("must be more than 0 % and at most `removed_above`", key="effective_below")

    expects_loss = False

    def __init__(self, spec: FaultSpec, roles: Roles) -> None:
        if spec.for_s is not None:
            raise UsageError("an interruption is as long as its `off`; leave it out", key="for")
        assert isinstance(spec.config, MicroInterruption.Config)
        self._config = config = spec.config
        self._supply = Supply.of(spec.role, roles)
        switch = self._supply.switch
        # Below its floor the guard refuses it with that, the better reason.
        if not isinstance(switch, PulseSwitch) and config.off_s >= switch.min_pulse_s:
            problem = f"{switch.name} cannot time an interruption by itself; use `power_cut`, or a switch on a board"
            raise UsageError(problem, key="role")
        self.undo = self._supply.undo
        nominal_v = self._supply.dut.nominal_v
        self.levels_v = (config.effective_below_ratio * nominal_v, config.removed_above_ratio * nominal_v)
        self.strikes = ((switch.name, config.off_s, 1),)

    def plan(self) -> list[tuple[float, str]]:
        """
        Off, then on.
        """
        name = self._supply.switch.name
        return [(0.0, f"{name} off, by itself"), (self._config.off_s, f"{name} on")]

    def inject(self) -> AbstractAsyncContextManager[Strike]:
        """
        Interrupts on entering; on leaving switches on once more, insisting.
        """
        return interrupted(self._supply, self.levels_v, self._config.prove_s, self._config.off_s)
