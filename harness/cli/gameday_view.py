"""
A game day while it goes on: its checklist, its scenarios with their verdicts, and the run under way. It goes to stderr.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ..model.event import Event, Kind
from ..model.gameday import CheckSpec, Standing
from .live import View, lines

_REFRESH_HZ = 10
_COLOURS = {"held": "green", "deviated": "red", "inconclusive": "yellow", "not known": "yellow"}


class GameDayView:
    """
    What is known of a game day so far. On a terminal it is drawn, elsewhere each event is a line.
    """

    def __init__(self, title: str, console: Console) -> None:
        self._title, self._console = title, console
        self._tell_run = lines(console)
        self._live: Live | None = None
        self._checks: list[Text] = []
        self._scenarios: dict[str, str] = {}
        self._run: View | None = None

    def note(self, event: Event) -> None:
        """
        Takes an event of the game day, or of the run that is under way.
        """
        data: Any = event.data
        match event.kind:
            case Kind.GAMEDAY_STARTED:
                self._scenarios = dict.fromkeys(data["scenarios"], "")
                self._say(f"game day: {self._title}, seed {data['seed']}")
            case Kind.ITEM_CHECKED:
                self._checks.append(self._checked(event))
                self._say(self._checks[-1].plain)
            case Kind.SCENARIO_STARTED:
                self._scenarios[event.subject], self._run = "running", View()
                self._say(f"scenario {event.subject}: {data['drill']} on {data['rig']}")
            case Kind.SCENARIO_ENDED:
                self._scenarios[event.subject], self._run = data["verdict"] or "not known", None
                self._say(f"scenario {event.subject}: {self._scenarios[event.subject]} {data['problem']}".rstrip())
            case Kind.MADE_SAFE:
                self._say(f"made safe: {event.subject}: {data['told']}")
            case Kind.GAMEDAY_ENDED:
                pass
            case Kind.FINDING:
                self._say(f"  {event.subject}: {data['measured']}")
            case _:
                self._of_run(event)

    def ask(self, check: CheckSpec) -> Standing:
        """
        Asks whoever sits there. Raises typer.Abort.
        """
        told = typer.confirm(f"{check.what}: done?", default=False, err=True)
        return Standing.TICKED if told else Standing.OPEN

    def begin(self) -> None:
        """
        Nobody is asked any more: from here on it is drawn, where somebody can see it.
        """
        if self._console.is_terminal and self._live is None:
            self._live = Live(self, console=self._console, refresh_per_second=_REFRESH_HZ, transient=False)
            self._live.start()

    def end(self) -> None:
        """
        Draws the last picture.
        """
        if self._live is not None:
            self._live.stop()

    def __rich__(self) -> RenderableType:
        """
        The picture.
        """
        table = Table.grid(padding=(0, 2))
        for name, verdict in self._scenarios.items():
            table.add_row(Text(name), Text(verdict or "to come", style=_COLOURS.get(verdict, "dim")))
        head = Text(f"game day: {self._title}", style="bold")
        return Group(head, *self._checks, table, *([] if self._run is None else [self._run]))

    def _checked(self, event: Event) -> Text:
        data: Any = event.data
        is_open = data["standing"] == Standing.OPEN
        told = f" ({data['told']})" if is_open and data["told"] else ""
        style = "yellow" if is_open else "green"
        return Text(f"[{' ' if is_open else 'x'}] {data['what']}: {data['standing']}{told}", style=style)

    def _of_run(self, event: Event) -> None:
        self.begin()
        if self._run is not None:
            self._run.note(event)
        if self._live is None:
            self._tell_run(event)

    def _say(self, line: str) -> None:
        if self._live is None:
            self._console.print(line, markup=False, soft_wrap=True)


@contextmanager
def gameday_view(title: str) -> Iterator[GameDayView]:
    """
    Shows a game day on stderr while it goes on.
    """
    view = GameDayView(title, Console(stderr=True, highlight=False))
    try:
        yield view
    finally:
        view.end()
