"""
Commands about rigs: list, status, power.
"""

from __future__ import annotations

import json as json_module
from enum import StrEnum
from typing import Annotated

import typer

from .options import JsonFlag, RigOption, length_s, rig_name


class PowerVerb(StrEnum):
    """
    What can be done to a DUT's supply by hand.
    """

    on = "on"
    off = "off"
    cycle = "cycle"


def add_to(app: typer.Typer) -> None:
    """
    Adds the commands of this file.
    """
    app.command(name="list")(list_kinds)
    app.command()(status)
    app.command()(power)


def list_kinds(json: JsonFlag = False) -> None:
    """
    Rigs, drills, game days, and the kinds of device, fault, probe and report there are.
    """
    from .. import plugins
    from ..config.source import shipped

    found = {f"{what}s": list(shipped(what)) for what in ("rig", "drill")}
    found["gamedays"] = list(shipped("game day"))
    found |= {room: plugins.kinds(room) for room in plugins.ROOMS}
    if json:
        typer.echo(json_module.dumps(found, indent=2))
        return
    for what, names in found.items():
        typer.echo(f"{what}: {', '.join(names)}")


def status(rig: RigOption = None, json: JsonFlag = False) -> None:
    """
    What the rig's sensors observe, not what was commanded.
    """
    from ..config.rig import load_rig
    from ..supervise.by_hand import observe

    observed = observe(load_rig(rig_name(rig)))
    if json:
        typer.echo(json_module.dumps(observed, indent=2))
        return
    for dut, seen in observed.items():
        typer.echo(f"{dut}: " + ", ".join(f"{name} {value}" for name, value in seen.items()))


def power(
    verb: Annotated[PowerVerb, typer.Argument(help="on, off or cycle.")],
    dut: Annotated[str, typer.Argument(help="The DUT's name in the rig.")],
    rig: RigOption = None,
    off_time: Annotated[str, typer.Option("--off-time", "-t", help="How long a cycle stays off.")] = "2 s",
) -> None:
    """
    Feed a DUT, starve it, or cycle its supply, by hand.
    """
    from ..config.rig import load_rig
    from ..supervise.by_hand import power_by_hand

    off_s = length_s(off_time, "--off-time")
    typer.echo(power_by_hand(load_rig(rig_name(rig)), dut, verb.value, off_s))
