"""
A run while it goes on: phase and countdown, probe lamps, rails. It goes to stderr, and only where someone can see it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from .. import clock
from ..model.event import Event, Kind
from ..protocols import Listener

_REFRESH_HZ = 10
_INSTANTS = frozenset(
    {
        Kind.FAULT_COMMANDED,
        Kind.FAULT_EFFECTIVE,
        Kind.STEADY_LOST,
        Kind.DETECTED,
        Kind.FAILED_OVER,
        Kind.REMOVAL_COMMANDED,
        Kind.REMOVAL_EFFECTIVE,
        Kind.FIRST_SIGN,
        Kind.READY,
    }
)


class View:
    """
    What is known of a run so far, and how it is drawn.
    """

    def __init__(self) -> None:
        self.title = "starting"
        self._trial = 0
        self._phase, self._phase_from_ns, self._phase_s = "starting", clock.now_ns(), 0.0
        self._lamps: dict[str, bool] = {}
        self._rails: dict[str, str] = {}
        self._fed: dict[str, float] = {}
        self._log: list[str] = []
        self._zero_ns: int | None = None

    def note(self, event: Event) -> None:
        """
        Takes an event.
        """
        data = event.data
        if event.kind is Kind.RUN_STARTED:
            self.title = f"{data.get('drill_title')} on {data.get('rig')}, seed {data.get('seed')}"
        elif event.kind is Kind.TRIAL_STARTED:
            self._trial, self._zero_ns = event.trial or 0, None
        elif event.kind is Kind.PHASE:
            for_s = data.get("for_s")
            self._phase, self._phase_from_ns = event.subject, event.at.latest_ns
            self._phase_s = float(for_s) if isinstance(for_s, (int, float)) else 0.0
        elif event.kind is Kind.PROBE:
            self._lamps[event.subject] = bool(data.get("good"))
        elif event.kind is Kind.READING:
            self._reading(event)
        elif event.kind in _INSTANTS:
            self._instant(event)

    def __rich__(self) -> RenderableType:
        """
        The picture.
        """
        grid = Table.grid(padding=(0, 2))
        grid.add_row(Text("phase", style="dim"), self._countdown())
        grid.add_row(Text("probes", style="dim"), self._lights())
        for name, shown in self._rails.items():
            bar = ProgressBar(total=1.0, completed=self._fed.get(name, 0.0), width=24)
            grid.add_row(Text(f"rail {name}", style="dim"), Group(Text(shown), bar))
        return Group(Text(f"{self.title} · trial {self._trial}", style="bold"), grid, *map(Text, self._log[-9:]))

    def _countdown(self) -> Text:
        passed_s = (clock.now_ns() - self._phase_from_ns) / clock.NS_PER_S
        left = f"  {max(0.0, self._phase_s - passed_s):.1f} s left at most" if self._phase_s else f"  {passed_s:.1f} s"
        return Text.assemble((self._phase, "bold cyan"), left)

    def _lights(self) -> Text:
        lamps = [((f"● {name}  ", "green") if good else (f"○ {name}  ", "red")) for name, good in self._lamps.items()]
        return Text.assemble(*lamps) if lamps else Text("no answer yet", style="dim")

    def _reading(self, event: Event) -> None:
        volts, amperes = event.data.get("bus_v"), event.data.get("current_a")
        if isinstance(volts, (int, float)) and isinstance(amperes, (int, float)):
            self._rails[event.subject] = f"{volts:5.2f} V  {amperes * 1000:4.0f} mA"
            nominal = event.data.get("nominal_v")
            self._fed[event.subject] = float(volts) / nominal if isinstance(nominal, (int, float)) else 0.0
        else:
            self._rails[event.subject] = f"no reading ({event.data.get('flag')})"

    def _instant(self, event: Event) -> None:
        if self._zero_ns is None:
            self._zero_ns = event.at.earliest_ns
        middle_s = ((event.at.earliest_ns + event.at.latest_ns) / 2 - self._zero_ns) / clock.NS_PER_S
        half_ms = event.at.width_ns / 2e6
        self._log.append(
            f"{middle_s:+9.3f} s ± {half_ms:6.1f} ms  {event.kind.value.replace('_', ' ')}  {event.subject}"
        )


@contextmanager
def live_view() -> Iterator[Listener]:
    """
    Draws a run on stderr while it goes on; where that is no terminal, prints each instant as a line.
    """
    console = Console(stderr=True, highlight=False)
    view = View()
    if not console.is_terminal:
        yield lines(console)
        return
    with Live(view, console=console, refresh_per_second=_REFRESH_HZ, transient=False):
        yield view.note


def lines(console: Console) -> Listener:
    """
    Prints each instant of a run as a line.
    """

    def note(event: Event) -> None:
        if event.kind in _INSTANTS or event.kind in (Kind.PHASE, Kind.BENCH_TROUBLE):
            what = event.data.get("problem", "") if event.kind is Kind.BENCH_TROUBLE else event.subject
            console.print(f"trial {event.trial}: {event.kind.value.replace('_', ' ')} {what}".rstrip())

    return note
