"""
The boards of a rig in virtual time that a drill does without: running one's firmware costs what a trial costs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..model.drill import DrillSpec
from ..model.rig import RigSpec
from ..protocols import Device
from .assembly import Assembly
from .wires import RigWires

# Roles that are asked for though no drill names them: the supply of every DUT, and the meter on its rail.
_UNNAMED = ("power", "meter")


def without_idle(rig: RigSpec, made: Callable[[str], Device], wires: RigWires, drill: DrillSpec | None) -> RigSpec:
    """
    The rig without the boards whose parts fill no role that the drill names, and without those parts; the whole rig in
    real time, where a board is made safe whoever needs it. `made(name)` is a device of the rig, to be looked at only.
    Raises UsageError for a role that cannot be filled.
    """
    if drill is None or not rig.is_virtual or rig.world is None or not rig.world.boards:
        return rig
    trial = Assembly(rig, {name: made(name) for name in rig.devices}, wires)
    trial.check(drill)
    needed = trial.roles.cast | _unnamed(rig)
    left_out: set[str] = set()
    for name, spec in rig.devices.items():
        if spec.kind == "board":
            parts = {name} | {part for part, other in rig.devices.items() if _board(other.config) == name}
            left_out |= set() if parts & needed else parts
    duts = {
        name: replace(dut, roles={role: device for role, device in dut.roles.items() if device not in left_out})
        for name, dut in rig.duts.items()
    }
    return replace(rig, devices={name: rig.devices[name] for name in rig.devices if name not in left_out}, duts=duts)


def _unnamed(rig: RigSpec) -> set[str]:
    found = {device for interlock in rig.interlocks for device in interlock.devices}
    for dut in rig.duts.values():
        asked = {*_UNNAMED, *(spec.role for spec in dut.artifacts.values())}
        asked |= {dut.identity.role} if dut.identity is not None else set()
        found |= {dut.roles[role] for role in asked if role in dut.roles}
    return found


def _board(config: Any) -> str:
    return str(getattr(config, "board", ""))
