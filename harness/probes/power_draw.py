"""
The DUT draws what a healthy one draws.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import DeviceError, UsageError
from ..model.drill import ProbeSpec
from ..model.reading import Reading
from ..protocols import PowerMeter, Roles


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

    async def ask(self) -> bool:
        """
        Reads once. Raises DeviceError when the meter cannot be believed: that is the bench's trouble, not the DUT's.
        """
        reading = await self._meter.read()
        if not reading.is_ok:
            raise DeviceError(self._meter.name, f"gave no reading ({reading.flag})")
        return self.accepts(reading)

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
