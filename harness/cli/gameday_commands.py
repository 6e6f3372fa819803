"""
Commands about game days: gameday run, lessons.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import Exit, UsageError, nearest
from ..model.gameday import By, Item, Standing
from .options import RigOption

if TYPE_CHECKING:
    from ..model.gameday import CheckSpec, GameDaySpec
    from ..supervise.gameday_run import Ended, Ticker


def add_to(app: typer.Typer) -> None:
    """
    Adds the commands of this file.
    """
    gameday = typer.Typer(help="Game days: drills in a row, with people watching.", no_args_is_help=True)
    for command in (run, lessons):
        gameday.command()(command)
    app.add_typer(gameday, name="gameday")


def run(
    file: Annotated[str, typer.Argument(help="A game day's file, or the name of a shipped one.")],
    scenario: Annotated[str | None, typer.Option("--scenario", help="That one alone.")] = None,
    rig: RigOption = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Repeats what is random.")] = None,
    tick: Annotated[
        list[str] | None, typer.Option("--tick", help="That item of the checklist is seen to; on record as by flag.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Every item that a person ticks is seen to; as by flag.")] = False,
) -> int:
    """
    Run a game day: its checklist, then its drills; write what was learned.
    """
    from ..supervise.gameday_plan import gameday_plan
    from ..supervise.gameday_run import GameDayRun
    from .gameday_view import gameday_view

    plan = gameday_plan(file, scenario, rig, seed)
    ticks = _ticks(tick or [], plan.day)
    with gameday_view(plan.day.title) as view:
        ended = GameDayRun(plan, _ticker(ticks, yes, view.ask), view.note).run()
    return _told(ended)


def lessons(
    gameday: Annotated[str, typer.Argument(help="A game day's id, or `last`.")] = "last",
) -> None:
    """
    What was learned on a game day, from its record, with nothing that anybody has written since.
    """
    from ..store.gameday_record import gameday_folder
    from ..supervise.gameday_lessons import lessons as learned

    typer.echo(learned(gameday_folder(gameday))[1], nl=False)


def _ticks(names: list[str], day: GameDaySpec) -> frozenset[Item]:
    """
    The items that a flag ticks. Raises UsageError for one that there is not, or that is proven here.
    """
    of_people = [check.item for check in day.checklist if check.by is By.PERSON]
    for name in names:
        if name not in list(Item):
            raise UsageError(f"'{name}' is no item of the checklist; {nearest(name, list(Item))}", key="--tick")
        if name not in of_people:
            raise UsageError(f"'{name}' is proven on this game day, and not ticked; leave it out", key="--tick")
    return frozenset(Item(name) for name in names)


def _ticker(ticked: frozenset[Item], yes: bool, ask: Ticker) -> Ticker:
    """
    Who answers for an item: a flag; else whoever sits at the terminal; else nobody.
    """

    def answer(check: CheckSpec) -> Standing:
        if yes or check.item in ticked:
            return Standing.FLAGGED
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            return Standing.OPEN
        try:
            return ask(check)
        except typer.Abort as abort:
            raise KeyboardInterrupt from abort

    return answer


def _told(ended: Ended) -> int:
    """
    Writes what was learned, and prints the verdict; a game day that was refused has taught nothing.
    """
    from ..supervise.gameday_lessons import write_lessons
    from .told import shown

    sys.stderr.write(f"record: {shown(ended.folder)}\n")
    if ended.is_refused:
        sys.stderr.write(f"crashbench: {' '.join(ended.reason.split())}\n")
        return ended.exit_code
    sys.stderr.write(f"lessons learned: {shown(write_lessons(ended.folder))}\n")
    word = {Exit.HELD: "held", Exit.DEVIATED: "deviated"}.get(Exit(ended.exit_code), "inconclusive")
    typer.echo(f"verdict: {word}" if word == "held" else f"verdict: {word} ({ended.reason})")
    return ended.exit_code
