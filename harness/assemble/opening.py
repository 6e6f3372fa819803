"""
Opening a rig: which of its devices, in which order, and what happens when one is not there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from enum import Enum
from random import Random
from typing import Any

import anyio

from .. import plugins
from ..errors import BenchError, UsageError
from ..insist import answered
from ..model.rig import RigSpec
from ..protocols import Device, Output
from .assembly import Assembly
from .wires import RigWires

# A board may have to boot before it answers; a device that lets go has nothing to wait for.
_OPEN_S, _CLOSE_S = 30.0, 5.0


class Opening(Enum):
    """
    What a rig is opened for.
    """

    RUN = "every device must be there"
    RESTORE = "whatever is there: an output must not stay unsafe because a meter is dead"
    OBSERVE = "no output: looking moves nothing"
    CHECK = "nothing is opened at all"


@asynccontextmanager
async def assembled(
    rig: RigSpec, seed: int = 0, *, opening: Opening = Opening.RUN, wrap: Any = None
) -> AsyncIterator[Assembly]:
    """
    Opens a rig: its world if that is virtual, then its outputs, at their safe level, then the rest. Closes in reverse.

    `wrap(name, device) -> device` may put something around each device, such as a fault of the bench's own. Raises
    UsageError for what the rig file gets wrong, DeviceError for what is not there.
    """
    async with AsyncExitStack() as stack:
        wires, truth = _wires(rig, seed, stack)
        stack.callback(wires.close)
        wires.check(there=opening is not Opening.CHECK)
        devices = {name: _made(rig, name, wires, wrap) for name in rig.devices}
        assembly = Assembly(rig, devices, wires, truth)
        for name in sorted(devices, key=lambda name: not isinstance(devices[name], Output)):
            await _open(name, devices[name], opening, stack, assembly)
        if truth is not None:
            truth.attach(assembly)
        yield assembly


async def _open(name: str, device: Device, opening: Opening, stack: AsyncExitStack, assembly: Assembly) -> None:
    if opening is Opening.CHECK or (opening is Opening.OBSERVE and isinstance(device, Output)):
        return
    stack.push_async_callback(_closed, name, device)
    try:
        await answered(name, device.open, _OPEN_S)
    except BenchError as error:
        if opening is not Opening.RESTORE:
            raise
        assembly.missing[name] = error


def _made(rig: RigSpec, name: str, wires: RigWires, wrap: Any) -> Device:
    spec = rig.devices[name]
    try:
        made: Device = plugins.load("devices", spec.kind)(name, spec.config, wires)
    except UsageError as error:
        raise error.within(file=str(rig.path), key=f"devices.{name}") from error
    return made if wrap is None else wrap(name, made)


def _wires(rig: RigSpec, seed: int, stack: AsyncExitStack) -> tuple[RigWires, Any]:
    if not rig.is_virtual:
        return RigWires(rig), None
    from ..sim.unit import SimUnit
    from ..sim.world import World
    from .truth import Truth

    assert rig.world is not None
    units = {name: SimUnit(name, unit, Random(f"{seed} unit {name}")) for name, unit in rig.world.units.items()}
    world = World(rig.world, seed, units)
    stack.callback(world.close)
    return RigWires(rig, world, units), Truth(world, units)


async def _closed(name: str, device: Device) -> None:
    with anyio.CancelScope(shield=True):
        await answered(name, device.aclose, _CLOSE_S)
