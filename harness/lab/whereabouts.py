"""
Where the program of a played unit is.
"""

from __future__ import annotations

from ..errors import UsageError, nearest
from ..model.rig import RigSpec
from ..protocols import Program
from . import place
from .lab_client import LabClient


def whereabouts(rig: RigSpec, unit: str) -> Program:
    """
    A unit's program. Raises UsageError for a unit that the rig's world has not, DeviceError when no lab is running.
    """
    assert rig.world is not None
    if unit not in rig.world.units:
        raise UsageError(f"there is no unit '{unit}'; {nearest(unit, rig.world.units)}", file=str(rig.path))
    socket = place.address(rig)
    with LabClient(socket) as client:
        seen = client.state()["units"][unit]
    return Program(place.scratch(socket) / unit, seen["pid"], has_power=seen["state"] != "off")
