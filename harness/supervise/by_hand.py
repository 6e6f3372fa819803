"""
What a person does to a rig without a drill: restore it, look at it, switch its power.
"""

from __future__ import annotations

from typing import Any

import anyio

from .. import clock
from ..assemble import Assembly, Opening, assembled
from ..engine.guard import Guard, life_of
from ..engine.restore import restore
from ..engine.undo import UndoJournal
from ..errors import Refused, UsageError, nearest
from ..model.rig import RigSpec
from ..model.undo import Undo
from ..protocols import HttpService, NoAnswer, PowerSwitch
from .lease import Lease
from .places import count_opening, odometer, undo_path
from .supervisor import played

_LOOK_S = 2.0


def restore_by_hand(rig: RigSpec) -> list[str]:
    """
    Undoes what was left, makes the rig safe and says what its rails measure. Raises Refused, DeviceError, Unrestored.

    A lab that an earlier run left behind ends with this: its world has been put right, and nobody plays in it.
    """

    async def main() -> list[str]:
        async with played(rig, leave_none=True), assembled(rig, opening=Opening.RESTORE) as bench:
            done = await restore(bench, _journal(rig))
            missing = {name: str(problem).removeprefix(f"{name}: ") for name, problem in bench.missing.items()}
            found = bench.notes + [f"{name} is missing: {problem}" for name, problem in missing.items()]
        lines = found + [f"undone: {undo.device} {undo.action}" for undo in done.pending.undos]
        if done.pending.unreadable:
            lines.append(f"{done.pending.unreadable} unreadable undo record(s): everything was made safe instead")
        for dut, volts in done.rails_v.items():
            lines.append(f"{dut}: rail unseen (no meter)" if volts is None else f"{dut}: rail at {volts:.2f} V, safe")
        return lines

    with Lease(rig, "crashbench restore"):
        return clock.run(main, virtual=rig.is_virtual)


def observe(rig: RigSpec) -> dict[str, dict[str, Any]]:
    """
    What each DUT's sensors show, without touching an output. Raises Refused while somebody else has the rig.
    """

    async def main() -> dict[str, dict[str, Any]]:
        async with played(rig), assembled(rig, opening=Opening.OBSERVE) as bench:
            return {dut: await _seen(bench, dut) | _wear(bench, dut) for dut in rig.duts}

    # Even looking disturbs: a meter that is set up anew in the middle of a run loses the reading it was proving by.
    with Lease(rig, "crashbench status"):
        return clock.run(main, virtual=rig.is_virtual)


def power_by_hand(rig: RigSpec, dut: str, verb: str, off_s: float) -> str:
    """
    Switches a DUT's supply, and says what its rail measures then. Raises UsageError, Refused, DeviceError.

    `off` is on record until `on`, `cycle` or `crashbench restore` undoes it.
    """
    if dut not in rig.duts:
        raise UsageError(f"there is no DUT '{dut}'; {nearest(dut, rig.duts)}", file=str(rig.path), key="dut")

    async def main() -> str:
        async with played(rig), assembled(rig) as bench:
            switch = bench.roles.get(f"{dut}.power", PowerSwitch)
            journal, strokes = _journal(rig), odometer(rig)
            count_opening(bench, strokes)
            _check_stays(switch, verb)
            if verb != "on":
                Guard(rig, strokes).stroke(switch)
                journal.promise([Undo(device=switch.name, action="on")], "by hand")
                await switch.off()
            if verb == "cycle":
                await anyio.sleep(off_s)
            if verb != "off":
                await switch.on()
                journal.clear()
            await anyio.sleep(max(0.1, 10 * switch.chatter_s))
            seen = await _seen(bench, dut)
            told = ", ".join(f"{name} {value}" for name, value in seen.items())
            return f"{dut}: {told or 'rail unseen (no meter)'}"

    with Lease(rig, f"crashbench power {verb} {dut}"):
        return clock.run(main, virtual=rig.is_virtual)


def _check_stays(switch: PowerSwitch, verb: str) -> None:
    """
    Raises Refused for a state that would end with this command.
    """
    if verb == "off" and not getattr(switch, "stays_off", True):
        raise Refused(f"{switch.name} is fed again as soon as this command has ended; use `power cycle`")
    if verb != "off" and not getattr(switch, "stays_on", True):
        raise Refused(
            f'{switch.name} is starved again as soon as this command has ended; feed through `contact = "nc"`'
        )


def replaced_by_hand(rig: RigSpec, device: str) -> int:
    """
    Has a device's odometer begin anew; returns what it showed. Raises Refused while somebody has the rig, RecordError.
    """
    with Lease(rig, f"crashbench doctor --replaced {device}"):
        strokes = odometer(rig)
        done = strokes.total(device)
        strokes.replaced(device)
    return done


async def _seen(bench: Assembly, dut: str) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    meter = bench.meter_of(dut)
    if meter is not None:
        reading = await meter.read()
        if reading.bus_v is None or reading.current_a is None:
            seen["rail"] = f"no reading ({reading.flag})"
        else:
            seen |= {"rail_v": round(reading.bus_v, 4), "current_a": round(reading.current_a, 5)}
    for role, name in bench.rig.duts[dut].roles.items():
        device = bench.devices[name]
        if isinstance(device, HttpService):
            seen[role] = await _answers(device)
    return seen


def _wear(bench: Assembly, dut: str) -> dict[str, Any]:
    """
    How often the switch of a DUT's supply has been struck, and how often it may be.
    """
    switch = bench.devices.get(bench.rig.duts[dut].roles.get("power", ""))
    if not isinstance(switch, PowerSwitch):
        return {}
    life = life_of(switch)
    return {"strokes": odometer(bench.rig).total(switch.name)} | ({} if life is None else {"contact_life": life})


async def _answers(service: HttpService) -> str:
    with anyio.move_on_after(_LOOK_S):
        try:
            return f"HTTP {(await service.request('GET', '/health')).status}"
        except NoAnswer as silence:
            return f"no answer ({silence})"
    return "no answer"


def _journal(rig: RigSpec) -> UndoJournal:
    return UndoJournal(None if rig.is_virtual else undo_path(rig))
