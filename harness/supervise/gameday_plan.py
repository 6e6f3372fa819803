"""
What a game day shall do, where: known in full, and admitted by every rig's guard, before anybody ticks an item.
"""

from __future__ import annotations

import hashlib
import secrets
import shlex
from dataclasses import dataclass
from pathlib import Path

from .. import clock
from ..assemble import Opening, assembled
from ..config.drill import load_drill
from ..config.gameday import load_gameday
from ..config.rig import load_rig
from ..engine.alert_sources import speaks_by_itself
from ..engine.guard import Guard
from ..errors import Refused, UsageError, nearest
from ..model.drill import DrillSpec
from ..model.gameday import GameDayHead, GameDaySpec, Item, ScenarioSpec
from ..model.rig import RigSpec
from .places import odometer
from .request import RunRequest, seed_of, short


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """
    One scenario with its drill, the rig that it is run on, and the run that is asked for.
    """

    scenario: ScenarioSpec
    drill: DrillSpec
    rig: RigSpec
    request: RunRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    The scenarios of a game day that shall be run, in order, all with one seed. `asked` is how it was asked for.
    """

    asked: str
    day: GameDaySpec
    seed: int
    scenarios: tuple[Planned, ...]
    repeat_command: str

    @property
    def is_virtual(self) -> bool:
        """
        Whether all of it happens in virtual time.
        """
        return all(planned.rig.is_virtual for planned in self.scenarios)

    @property
    def rigs(self) -> list[Planned]:
        """
        The first scenario on each rig, in order.
        """
        found: dict[Path, Planned] = {}
        for planned in self.scenarios:
            found.setdefault(planned.rig.path, planned)
        return list(found.values())

    def on(self, rig: RigSpec) -> tuple[str, ...]:
        """
        The names of the scenarios on a rig.
        """
        return tuple(planned.scenario.name for planned in self.scenarios if planned.rig.path == rig.path)

    def head(self, anchor: clock.Anchor) -> GameDayHead:
        """
        The head of the record of a game day that starts at that anchor; in virtual time it follows from the files, the
        seed and the scenarios alone.
        """
        started = anchor.wall(anchor.at_ns)
        if self.is_virtual:
            parts = [self.day.digest, str(self.seed)]
            for planned in self.scenarios:
                parts += [planned.scenario.name, planned.drill.digest, planned.rig.digest]
            gameday_id = f"{self.day.name}-{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()[:12]}"
        else:
            gameday_id = f"{started:%Y%m%d-%H%M%S}-{self.day.name}-{secrets.token_hex(2)}"
        return GameDayHead(
            gameday_id=gameday_id,
            name=self.day.name,
            title=self.day.title,
            severity=self.day.severity.value,
            seed=self.seed,
            started_at=started.isoformat(timespec="milliseconds"),
            scenarios=tuple(planned.scenario.name for planned in self.scenarios),
            repeat_command=self.repeat_command,
        )


def gameday_plan(asked: str, scenario: str | None, rig: str | None, seed: int | None) -> Plan:
    """
    The plan of a game day's file or shipped name: all of it, or one scenario; on `rig`, or where the file says.

    Raises UsageError.
    """
    day = load_gameday(asked)
    chosen = [one for one in day.scenarios if scenario in (None, one.name)]
    if not chosen:
        known = [one.name for one in day.scenarios]
        raise UsageError(
            f"no scenario '{scenario}' in {day.path.name}; {nearest(scenario or '', known)}", key="--scenario"
        )
    places = [rig or one.rig or day.rig for one in chosen]
    if None in places:
        problem = "missing; name a rig's file or a shipped rig, like `--rig sim`, or write `rig = …` into the game day"
        raise UsageError(problem, key="--rig")
    rigs = {place: load_rig(place) for place in places if place}
    drawn = seed_of(seed, virtual=all(spec.is_virtual for spec in rigs.values()))
    return Plan(
        asked=asked,
        day=day,
        seed=drawn,
        scenarios=tuple(
            _planned(one, place, rigs[place], drawn) for one, place in zip(chosen, places, strict=True) if place
        ),
        repeat_command=_repeat_command(asked, day, scenario, rig, drawn),
    )


def admit(plan: Plan) -> None:
    """
    Asks, for every scenario, whether its rig has all that its drill needs, and whether its guard would let it run.

    Opens no device. Raises UsageError, Refused.
    """
    for planned in plan.scenarios:
        try:
            clock.run(_admit, planned, plan.day, virtual=planned.rig.is_virtual)
        except Refused as refusal:
            raise Refused(f"{planned.scenario.name}: {refusal}") from refusal


async def _admit(planned: Planned, day: GameDaySpec) -> None:
    async with assembled(planned.rig, opening=Opening.CHECK) as bench:
        bench.check(planned.drill)
        monitoring = day.check(Item.MONITORING).probe
        if monitoring is not None and speaks_by_itself(bench, [planned.drill]):
            try:
                bench.probe(monitoring)
            except UsageError as error:
                raise error.within(file=str(day.path), key="checklist.monitoring.probe") from error
        Guard(planned.rig, odometer(planned.rig)).admit(planned.drill, bench)


def _planned(scenario: ScenarioSpec, place: str, rig: RigSpec, seed: int) -> Planned:
    request = RunRequest(drill=scenario.drill, rig=place, seed=seed, overrides=scenario.overrides)
    return Planned(scenario=scenario, drill=load_drill(scenario.drill, scenario.overrides), rig=rig, request=request)


def _repeat_command(asked: str, day: GameDaySpec, scenario: str | None, rig: str | None, seed: int) -> str:
    words = ["crashbench", "gameday", "run", short(asked, day.path)]
    words += [] if scenario is None else ["--scenario", scenario]
    words += [] if rig is None else ["--rig", short(rig, load_rig(rig).path)]
    return shlex.join([*words, "--seed", str(seed)])
