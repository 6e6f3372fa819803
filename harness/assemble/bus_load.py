"""
Whether the I2C buses of a rig can carry what its meters convert.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from ..devices._tap import Polled
from ..errors import UsageError
from ..model.rig import RigSpec


def check_bus_load(rig: RigSpec, meters: Iterable[Polled]) -> None:
    """
    Each conversion of a sampled meter takes its clocks. On a bus that has not that many some are missed: the trace
    would say so, but nobody need begin with it.

    Raises UsageError with file and key for such a bus, where the rig tells its clock.
    """
    if rig.i2c is None or rig.i2c.clock_hz is None:
        return
    buses: dict[int, list[Polled]] = defaultdict(list)
    for meter in meters:
        buses[meter.bus_number].append(meter)
    for number, sharing in buses.items():
        needed_hz = sum(meter.clocks / meter.typical_s for meter in sharing)
        if needed_hz > rig.i2c.clock_hz:
            busiest = max(sharing, key=lambda meter: meter.clocks / meter.typical_s)
            raise UsageError(
                f"I2C bus {number} cannot carry what is sampled on it: that takes {needed_hz / 1e3:.0f} kHz, and "
                f"`i2c.clock` says {rig.i2c.clock_hz / 1e3:.0f} kHz; write a longer `conversion`, or a higher "
                "`average`, or clock the bus faster",
                file=str(rig.path),
                key=f"devices.{busiest.name}.conversion",
            )
