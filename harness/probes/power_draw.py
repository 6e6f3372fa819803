"""
The DUT draws what a healthy one draws.
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import clock
from ..errors import DeviceError, UsageError
from ..insist import answered
from ..model.drill import ProbeSpec
from ..model.reading import Reading
from ..protocols import PowerMeter, Roles

# Of a probe's time-out: after this part of it the meter is blamed, and not, at its end, the DUT.
_PATIENCE = 0.9

# The conversion under way, the next one, and a poll: how long a reading takes that began after it was asked for.
_PERIODS = 4


class PowerDraw:
    """
    Reads the current of the DUT's rail.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        Well is a current from `min` to `max` (amperes).
        """

        min_a: float = 0.0
        max_a: float

        def __post_init__(self) -> None:
            if self.min_a > self.max_a:
                raise UsageError("must not be more than `max`", key="min")

    measures: tuple[str, ...] = ()

    def __init__(self, spec: ProbeSpec, roles: Roles) -> None:
        assert isinstance(spec.config, PowerDraw.Config)
        self._config = spec.config
        self._meter = roles.get(spec.role, PowerMeter)
        self._within_s = _PATIENCE * spec.timeout_s
        needed_s = _PERIODS * self._meter.period_s
        if self._within_s < needed_s:
            problem = f"must be {needed_s / _PATIENCE:.3g} s at least: '{self._meter.name}' is not faster"
            raise UsageError(problem, key="timeout")

    async def ask(self) -> bool:
        """
        Reads once. Raises DeviceError when the meter cannot be believed: that is the bench's trouble, not the DUT's.
        """
        return self.accepts(await answered(self._meter.name, self._read, self._within_s))

    async def _read(self) -> Reading:
        """
        A reading that was taken after it was asked for: the next one may be of a conversion long before.
        """
        asked_ns = clock.now_ns()
        while True:
            reading = await self._meter.read()
            if not reading.is_ok:
                raise DeviceError(self._meter.name, f"gave no reading ({reading.flag})")
            if reading.at.earliest_ns >= asked_ns:
                return reading

    def accepts(self, sample: Reading | None) -> bool:
        """
        Whether a reading's current is in the band.
        """
        if sample is None or sample.current_a is None:
            return False
        return self._config.min_a <= sample.current_a <= self._config.max_a

    def measured(self) -> dict[str, float]:
        """
        Nothing but its answers.
        """
        return {}
