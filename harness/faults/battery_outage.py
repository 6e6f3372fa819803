"""
The DUT's battery, all but empty from one moment to the next.
"""

from __future__ import annotations

from dataclasses import dataclass

from ._level import Level, LevelConfig


class BatteryOutage(Level):
    """
    A battery level of 5 %, at which a DUT must save what it has and go down, or hold on. It may do either: that it
    falls silent proves the effect, too.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config(LevelConfig):
        """
        Another level may be given.
        """

        level_ratio: float = 0.05
