"""
The DUT's battery at a given level.
"""

from __future__ import annotations

from dataclasses import dataclass

from ._level import Level, LevelConfig


class BatteryLevel(Level):
    """
    Shows the DUT a level for as long as it is asked to; proven by the DUT's own report of it, within 1 %.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config(LevelConfig):
        """
        By default a battery that a phone would warn of.
        """

        level_ratio: float = 0.2
