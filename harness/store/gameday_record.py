"""
A game day on record: a folder with its events, and the game day as a function of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ..errors import RecordError, UsageError, nearest
from ..model.event import JSON, Event, Kind
from ..model.finding import Finding
from ..model.gameday import Checked, GameDay, GameDayHead, Item, ScenarioHeld, Standing
from ..model.instant import NS_PER_S
from ..model.verdict import Verdict
from . import home
from .events import FILE, read
from .record import LAST, folders, recorded_ns

LESSONS = "lessons-learned.md"

Object = dict[str, JSON]


def gameday_folders() -> list[Path]:
    """
    The folder of every game day on record, the newest first.
    """
    known = folders(home.gamedays_dir()).values()
    return sorted(known, key=lambda path: (recorded_ns(path), path.name), reverse=True)


def gameday_folder(gameday_id: str) -> Path:
    """
    The folder of that game day's record, or of the `last` one's. Raises UsageError for an unknown id.
    """
    known = {path.name: path for path in gameday_folders()}
    if gameday_id == LAST and known:
        return next(iter(known.values()))
    if gameday_id not in known:
        raise UsageError(f"no game day '{gameday_id}'; {nearest(gameday_id, known, what='game day')}", key="game day")
    return known[gameday_id]


def load_gameday_record(folder: Path) -> GameDay:
    """
    The game day whose record is in that folder. Raises RecordError.
    """
    return fold_gameday(read(folder), where=str(folder / FILE))


def fold_gameday(events: Iterable[Event], *, where: str = "the record") -> GameDay:
    """
    The game day that these events are the record of; without a last event it stays inconclusive.

    Raises RecordError, naming `where`, when they do not start with a game day's start, or cannot be understood.
    """
    rest = iter(events)
    first = next(rest, None)
    if first is None or first.kind is not Kind.GAMEDAY_STARTED:
        raise RecordError(f"{where}: does not start with a game day's start")
    try:
        day = GameDay(head=_head(first.data), started=first.at)
        for event in rest:
            day = _with(day, event)
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError(f"{where}: is not understood: {error}") from error
    return day


def _with(day: GameDay, event: Event) -> GameDay:
    data: Any = event.data
    match event.kind:
        case Kind.ITEM_CHECKED:
            return replace(day, checks=(*day.checks, _checked(event)))
        case Kind.SCENARIO_STARTED:
            begun = ScenarioHeld(
                name=event.subject,
                hypothesis=data["hypothesis"],
                procedure=tuple(data["procedure"]),
                drill=data["drill"],
                rig=data["rig"],
                started=event.at,
            )
            return replace(day, scenarios=(*day.scenarios, begun))
        case Kind.SCENARIO_ENDED:
            ended = replace(
                day.scenarios[-1],
                run_id=data["run_id"],
                verdict=None if data["verdict"] is None else Verdict(data["verdict"]),
                problem=data["problem"],
            )
            return replace(day, scenarios=(*day.scenarios[:-1], ended))
        case Kind.MADE_SAFE:
            return replace(day, safe=(*day.safe, f"{event.subject}: {data['told']}"))
        case Kind.GAMEDAY_ENDED:
            return replace(
                day,
                verdict=Verdict(data["verdict"]),
                reason=data["reason"],
                exit_code=data["exit_code"],
                duration_s=(event.at.latest_ns - day.started.earliest_ns) / NS_PER_S,
            )
    return day


# --- what the record keeps --------------------------------------------------------------------------------------------


def gameday_head_to_json(head: GameDayHead) -> Object:
    """
    A game day's head.
    """
    return {**asdict(head), "scenarios": list(head.scenarios)}


def checked_to_json(checked: Checked) -> Object:
    """
    How an item stood, without its instant.
    """
    return {
        "what": checked.what,
        "standing": checked.standing.value,
        "who": checked.who,
        "told": checked.told,
        "findings": [finding.to_json() for finding in checked.findings],
    }


def _head(data: Any) -> GameDayHead:
    return GameDayHead(**{**data, "scenarios": tuple(data["scenarios"])})


def _checked(event: Event) -> Checked:
    data: Any = event.data
    return Checked(
        item=Item(event.subject),
        what=data["what"],
        standing=Standing(data["standing"]),
        who=data["who"],
        at=event.at,
        told=data["told"],
        findings=tuple(Finding.from_json(finding) for finding in data["findings"]),
    )
