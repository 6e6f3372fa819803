"""
What every twin of a chip has, and where the twin of a kind is found.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Protocol, cast

from .. import plugins
from ..errors import UsageError, nearest
from ..model.world import ChipSpec
from ._monitor_chip import MonitorChip
from .rail import Rail


class Chip(Protocol):
    """
    A chip on an I2C bus, as its bus sees it: registers of bytes, the most significant first.
    """

    def read(self, register: int, length: int) -> bytes:
        """
        Reads `length` bytes. Raises OSError when the chip does not acknowledge.
        """

    def write(self, register: int, data: bytes) -> None:
        """
        Writes `data`. Raises OSError when the chip does not acknowledge.
        """

    def reset(self) -> None:
        """
        Loses every register's content, as at power-on.
        """

    def catch_up(self) -> int:
        """
        Does what the chip did by itself until now. Returns from which moment on it still needs its rail's past.
        """


def twin(spec: ChipSpec, rails: Sequence[Rail | None], rng: Random) -> Chip:
    """
    The twin of a chip, watching a rail with each of its channels, or none. Raises UsageError for a kind that has none,
    and for what its kind cannot be.
    """
    # A twin bears the name of the device that drives the real part.
    modules = {module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)])}
    known = modules.intersection(plugins.kinds("devices"))
    if spec.kind not in known:
        raise UsageError(f"there is no twin of a chip '{spec.kind}'; {nearest(spec.kind, known)}", key="world.chips")
    module = importlib.import_module(f".{spec.kind}", __package__)
    cls = cast(type[MonitorChip], plugins.class_in(vars(module), spec.kind))
    if len(rails) > cls.channels:
        raise UsageError(f"an {spec.kind} watches {cls.channels} rail(s), not {len(rails)}", key="world.chips")
    if spec.defect == "saturated" and cls.calibration is None:
        raise UsageError(f"an {spec.kind} has no calibration that could be saturated", key="world.chips")
    return cls(spec, rails, rng)
