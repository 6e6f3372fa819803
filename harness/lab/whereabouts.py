"""
Where the program of a played unit is.
"""

from __future__ import annotations

from pathlib import Path

from ..errors import UsageError, nearest
from ..model.rig import RigSpec
from . import place
from .lab_client import LabClient


def whereabouts(rig: RigSpec, unit: str) -> tuple[Path, int | None]:
    """
    The folder in which a unit's program runs, and its process, which leads a session; None while it does not run.

    Raises UsageError for a unit that the rig's world has not, DeviceError when the lab is not running.
    """
    assert rig.world is not None
    if unit not in rig.world.units:
        raise UsageError(f"there is no unit '{unit}'; {nearest(unit, rig.world.units)}", file=str(rig.path))
    socket = place.address(rig)
    with LabClient(socket) as client:
        pid = client.state()["units"][unit]["pid"]
    return place.scratch(socket) / unit, pid
