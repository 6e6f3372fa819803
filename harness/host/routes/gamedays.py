"""
Game days: what can be held, and what was.
"""

from __future__ import annotations

from contextlib import suppress

import anyio.to_thread
from fastapi import APIRouter

from ...config.drill import load_drill
from ...config.gameday import load_gameday
from ...errors import RecordError, UsageError
from ...model.gameday import GameDay, ScenarioSpec
from ...store.gameday_record import gameday_folders, load_gameday_record
from ..asked import Bench
from ..problems import answers
from ..schemas import GameDayBrief, GameDayHeldBrief, ItemBrief, ScenarioBrief

router = APIRouter(prefix="/gamedays", tags=["game days"])


@router.get("", summary="The game days that there are, and when they were held", responses=answers(503))
async def list_gamedays(bench: Bench) -> list[GameDayBrief]:
    """
    Those that are shipped, and those beside the rig. One whose file is wrong is listed too, with what is wrong.

    They are held where people are, on the command line: `crashbench gameday run`.
    """
    held = await anyio.to_thread.run_sync(_on_record)
    return [_brief(name, source, held) for name, source in bench.catalogue.gamedays.items()]


def _on_record() -> list[GameDay]:
    """
    Every game day whose record can be read, the newest first.
    """
    found = []
    for folder in gameday_folders():
        with suppress(RecordError):  # one that cannot be read is told of by `crashbench gameday lessons`
            found.append(load_gameday_record(folder))
    return found


def _brief(name: str, source: str, held: list[GameDay]) -> GameDayBrief:
    past = [_held(day) for day in held if day.head.name == name]
    try:
        day = load_gameday(source)
        scenarios = [_scenario(scenario) for scenario in day.scenarios]
    except UsageError as error:
        return GameDayBrief(name=name, held=past, problem=str(error))
    return GameDayBrief(
        name=name,
        title=day.title,
        severity=day.severity.value,
        rig=day.rig,
        checklist=[ItemBrief(item=check.item.value, what=check.what, by=check.by.value) for check in day.checklist],
        scenarios=scenarios,
        held=past,
    )


def _scenario(scenario: ScenarioSpec) -> ScenarioBrief:
    drill = load_drill(scenario.drill, scenario.overrides)
    return ScenarioBrief(
        name=scenario.name,
        hypothesis=scenario.hypothesis,
        procedure=list(scenario.procedure),
        drill=drill.name,
        rig=scenario.rig,
        criteria=[criterion.expr for criterion in drill.criteria],
    )


def _held(day: GameDay) -> GameDayHeldBrief:
    return GameDayHeldBrief(
        gameday_id=day.head.gameday_id,
        started_at=day.head.started_at,
        verdict=day.verdict.value,
        reason=day.reason,
        runs=[scenario.run_id for scenario in day.scenarios if scenario.run_id],
        not_run=list(day.not_run),
    )
