"""
Opening a rig: which of its devices, in which order, and what happens when one is not there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from collections.abc import Set as AbstractSet
from contextlib import AsyncExitStack, asynccontextmanager
from enum import Enum
from random import Random
from typing import Any

import anyio

from .. import plugins
from ..errors import BenchError, DeviceError, Refused, UsageError, nearest
from ..insist import answered
from ..model.drill import DrillSpec
from ..model.rig import RigSpec
from ..protocols import Device, Output
from .assembly import Assembly
from .bus_load import check_bus_load
from .idle import without_idle
from .sampling import sampled
from .wires import RigWires

# A board may have to boot before it answers; a device that lets go has nothing to wait for.
_OPEN_S, _CLOSE_S = 30.0, 5.0


class Opening(Enum):
    """
    What a rig is opened for.
    """

    RUN = "every device must be there"
    RESTORE = "whatever is there: an output must not stay unsafe because a meter is dead"
    AUDIT = "whatever is there: what is not is found"
    OBSERVE = "no output: looking moves nothing"
    CHECK = "nothing is opened at all"


_WHATEVER_IS_THERE = (Opening.RESTORE, Opening.AUDIT)


@asynccontextmanager
async def assembled(
    rig: RigSpec, seed: int = 0, *, opening: Opening = Opening.RUN, wrap: Any = None, drill: DrillSpec | None = None
) -> AsyncIterator[Assembly]:
    """
    Opens a rig: its world if that is virtual, then its outputs, at their safe level, then the rest; what is part of a
    board comes after it. Closes in reverse. In virtual time a board that `drill` does without is left out.

    `wrap(name, device) -> device` may put something around each device, such as a fault of the bench's own. Raises
    UsageError for what the rig file gets wrong, DeviceError for what is not there, Refused for an output that would not
    stay at its safe level; whoever takes whatever is there finds the last two, by device, in `missing`.
    """
    async with AsyncExitStack() as stack:
        wires, truth = _wires(rig, seed, stack)
        stack.callback(wires.close)
        if opening is not Opening.RESTORE:
            wires.check(there=opening in (Opening.RUN, Opening.OBSERVE))
        needed = without_idle(rig, lambda name: _made(rig, name, wires, None), wires, drill)
        _start_boards(wires, seed, rig.devices.keys() - needed.devices.keys(), stack)
        devices = {name: _made(rig, name, wires, wrap) for name in needed.devices}
        wires.devices.update(devices)
        if opening in (Opening.RUN, Opening.CHECK):
            check_bus_load(rig, sampled(needed, devices))
        assembly = Assembly(needed, devices, wires, truth)
        for name in sorted(devices, key=lambda name: (not isinstance(devices[name], Output), bool(_board(rig, name)))):
            await _open(name, devices[name], opening, stack, assembly)
        if truth is not None:
            truth.attach(assembly)
        yield assembly


async def _open(name: str, device: Device, opening: Opening, stack: AsyncExitStack, assembly: Assembly) -> None:
    is_output = isinstance(device, Output) or bool(_board(assembly.rig, name))
    if opening is Opening.CHECK or (opening is Opening.OBSERVE and is_output):
        return
    stack.push_async_callback(_closed, name, device)
    try:
        await answered(name, device.open, _OPEN_S)
    except (BenchError, UsageError, Refused) as error:
        if opening not in _WHATEVER_IS_THERE:
            raise
        problem = str(error).removeprefix(f"{name}: ")
        assembly.missing[name] = error if isinstance(error, BenchError) else DeviceError(name, problem)


def _made(rig: RigSpec, name: str, wires: RigWires, wrap: Any) -> Device:
    spec = rig.devices[name]
    try:
        made: Device = plugins.load("devices", spec.kind)(name, spec.config, wires)
    except UsageError as error:
        raise error.within(file=str(rig.path), key=f"devices.{name}") from error
    return made if wrap is None else wrap(name, made)


def _board(rig: RigSpec, name: str) -> str:
    """
    The board that a device is a part of: the one that its Config's `board` names. Raises UsageError for one that is
    not there.
    """
    board = str(getattr(rig.devices[name].config, "board", ""))
    if board and board not in rig.devices:
        problem = f"there is no device '{board}'; {nearest(board, rig.devices)}"
        raise UsageError(problem, file=str(rig.path), key=f"devices.{name}.board")
    return board


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
    for unit in units.values():
        stack.callback(unit.close)
    return RigWires(rig, world, units), Truth(world, units)


def _start_boards(wires: RigWires, seed: int, left_out: AbstractSet[str], stack: AsyncExitStack) -> None:
    """
    Runs the world's boards in this process, and puts their gauges on the buses of the units.
    """
    if wires.world is None or not wires.world.spec.boards:
        return
    from ..sim.sim_board import SimBoard

    ports = {f"sim:{name}": name for name in wires.world.spec.boards}
    asleep = {ports.get(getattr(wires.rig.devices[name].config, "port", "")) for name in left_out}
    for name, spec in wires.world.spec.boards.items():
        if name not in asleep:
            wires.boards[name] = SimBoard(name, spec, seed, wires.world)
            stack.callback(wires.boards[name].close)
    for unit in wires.units.values():
        if unit.spec.gauge in wires.boards:
            unit.gauge = wires.boards[unit.spec.gauge].i2c


async def _closed(name: str, device: Device) -> None:
    with anyio.CancelScope(shield=True):
        await answered(name, device.aclose, _CLOSE_S)
