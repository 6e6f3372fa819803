"""
How the units of a lab are linked: where each of them lives, the links between them, and what their programs may know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from ..errors import BenchError, UsageError
from ..model.rig import RigSpec
from ..model.world import WorldSpec
from ..plugins import needed
from .home import Home, IsolatedHome
from .played_link import PlayedLink, RelayLink
from .port import HOST
from .program import filled, ports_of_the_machine
from .program_unit import ProgramUnit


def check(rig: RigSpec, world: WorldSpec) -> None:
    """
    Raises UsageError for a link that the lab cannot play.
    """
    for name, link in world.links.items():
        if link.kind == "netns" and not link.unit:
            problem = "missing; a cable needs a unit at both of its ends"
            raise UsageError(problem, file=str(rig.path), key=f"world.links.{name}.unit")


@contextmanager
def homes(world: WorldSpec) -> Iterator[dict[str, Home]]:
    """
    A home for each unit: a network namespace for those that a cable ends at. Must be entered before there is any other
    thread. Raises BenchError.
    """
    isolated = {unit for link in world.links.values() if link.kind == "netns" for unit in (link.unit, link.to)}
    if not isolated:
        yield {unit: Home() for unit in world.units}
        return
    try:
        from .isolation import isolated_homes  # and with it what talks to the kernel, which no other lab needs
    except ModuleNotFoundError as error:
        raise BenchError(f"a lab with cables {needed(error)}") from error
    with isolated_homes(isolated) as apart:
        yield {unit: apart[unit] if unit in apart else Home() for unit in world.units}


def links(world: WorldSpec, units: Mapping[str, ProgramUnit]) -> dict[str, PlayedLink]:
    """
    The links of a world, not yet open.
    """
    made: dict[str, PlayedLink] = {}
    for number, (name, spec) in enumerate(world.links.items()):
        far, to = units[spec.to].home, units[spec.to].address
        if spec.kind == "netns":
            near = units[spec.unit].home
            assert isinstance(near, IsolatedHome)
            assert isinstance(far, IsolatedHome)
            from .isolated_link import IsolatedLink

            made[name] = IsolatedLink(name, number, near, far, to[1])
        else:
            made[name] = RelayLink(name, to)
    return made


def tell_facts(rig: RigSpec, units: Mapping[str, ProgramUnit], links: Mapping[str, PlayedLink]) -> None:
    """
    Tells each unit where the others are, for its program's arguments. Raises UsageError when those name what there is
    not.
    """
    facts: dict[str, str] = {}
    for name, unit in units.items():
        host, port = unit.address
        facts |= {f"unit.{name}": f"{host}:{port}", f"unit.{name}.host": host, f"unit.{name}.port": str(port)}
    for name, link in links.items():
        host, port = link.address
        facts |= {f"link.{name}": f"{host}:{port}", f"link.{name}.host": host, f"link.{name}.port": str(port)}
    for name, unit in units.items():
        reached = {f"machine.{port}": f"{HOST}:{port}" for port in ports_of_the_machine(unit.spec.program)}
        unit.facts = facts | reached
        try:
            filled(unit.spec.program, {**unit.facts, "listen": "", "folder": ""})
        except UsageError as error:
            raise error.within(file=str(rig.path), key=f"world.units.{name}.program") from error
