"""
Lanes below the power: phases, instants, and what the probes said, each a bar on the axis of time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from ..model.event import Event, Kind
from ..model.instant import Instant
from . import style
from .canvas import Canvas
from .trial_view import TrialView, Window

_PHASES_PX, _INSTANT_PX, _PROBE_PX = 24, 21, 34
# The share of the axis that a phase's name takes.
_ROOM_FOR_A_WORD = 0.05
# The share of the axis that an instant's name and time take at least.
_ROOM_FOR_WORDS = 0.3
_HIDDEN = {"showticklabels": False, "showgrid": False, "ticks": ""}
# Two spaces that no browser joins.
_PAD = "\u00a0\u00a0"


@dataclass(frozen=True, slots=True)
class Stretch:
    """
    What held from one moment to another, in nanoseconds.
    """

    from_ns: int
    to_ns: int
    what: str
    is_good: bool = True


def draw_phases(canvas: Canvas, view: TrialView) -> None:
    """
    A lane with the trial's phases by name.
    """
    phases = _phases(view)
    if not phases:
        return
    words = [style.text(phase.what) for phase in phases]
    long = [(phase.to_ns - phase.from_ns) / canvas.window.width_ns > _ROOM_FOR_A_WORD for phase in phases]
    canvas.draw(
        go.Bar(
            **_extent(canvas.window, phases),
            y=[0.5] * len(phases),
            width=0.96,
            orientation="h",
            marker={
                "color": [_shade(index) for index in range(len(phases))],
                "line": {"color": style.LINE, "width": 0.5},
            },
            text=[word if has_room else "" for word, has_room in zip(words, long, strict=True)],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            constraintext="none",
            textfont={"size": 11, "color": style.QUIET},
            hovertext=[word if has_room else "" for word, has_room in zip(words, long, strict=True)],
            hoverinfo="text",
            name="phases",
        ),
        canvas.panel(_PHASES_PX, range=[0, 1], **_HIDDEN),
    )


def shade_phases(canvas: Canvas, view: TrialView, panels: Sequence[str]) -> None:
    """
    Shades every second phase in other panels.
    """
    for index, phase in enumerate(_phases(view)):
        for panel in panels if index % 2 else ():
            canvas.shade(phase.from_ns, phase.to_ns, panel, style.SHADE)


def draw_instants(canvas: Canvas, view: TrialView, marked: Sequence[str]) -> None:
    """
    A lane for each instant in the window, as wide as it is uncertain, with its time; and a band over `marked` panels.
    """
    inside = [(name, instant) for name, instant in view.seen if canvas.window.touches(instant)]
    if not inside:
        return
    panel = canvas.panel(_INSTANT_PX * len(inside), range=[0, len(inside)], **_HIDDEN)
    for lane, (name, instant) in enumerate(reversed(inside)):
        _draw_instant(canvas, panel, lane + 0.5, name, instant)
        for other in marked:
            _mark(canvas, other, style.INSTANTS[name], instant)


def draw_probes(canvas: Canvas, view: TrialView) -> None:
    """
    A lane for each probe: what its last answer said, from answer to answer.
    """
    lamps = _lamps(view)
    if not lamps:
        return
    panel = canvas.panel(_PROBE_PX * len(lamps), range=[0, len(lamps)], **_HIDDEN)
    for lane, (name, stretches) in enumerate(reversed(lamps.items())):
        for is_good in (True, False):
            said = [stretch for stretch in stretches if stretch.is_good is is_good]
            if said:
                _draw_lamps(canvas, panel, lane + 0.3, said, is_good)
        canvas.note(style.text(name), panel, y=lane + 0.55, yanchor="bottom", yshift=-2)


# --- one instant -----------------------------------------------------------------------------------------------------


def _draw_instant(canvas: Canvas, panel: str, y: float, name: str, instant: Instant) -> None:
    window, colour = canvas.window, style.INSTANTS[name]
    start, end = window.at(instant.earliest_ns), window.at(instant.latest_ns)
    words, since = name.replace("_", " "), str(window.since_zero(instant))
    canvas.draw(
        go.Bar(
            x=[round(end - start, 6)],
            base=[start],
            y=[y],
            width=0.62,
            orientation="h",
            marker={"color": style.faded(colour, 0.55), "line": {"color": colour, "width": 1.5}},
            hovertext=f"{words}<br>{since}<br>from {start:g} to {end:g} {window.unit}",
            hoverinfo="text",
            name=words,
        ),
        panel,
    )
    at, side = _beside(window, start, end)
    label = f"{_PAD}<b>{words}</b> {since}{_PAD}"
    look = {"textfont": {"size": 11, "color": style.INK}, "cliponaxis": False, "hoverinfo": "skip", "name": words}
    canvas.draw(go.Scatter(x=[at], y=[y], mode="text", text=[label], textposition=f"middle {side}", **look), panel)


def _beside(window: Window, start: float, end: float) -> tuple[float, str]:
    """
    Where a bar's words begin, and to which side they run: where there is more room, or in the bar where there is none.
    """
    first, last = window.ends
    left, right = max(start, first), min(end, last)
    if max(left - first, last - right) < _ROOM_FOR_WORDS * (last - first):
        return left, "right"
    return (right, "right") if last - right >= left - first else (left, "left")


def _mark(canvas: Canvas, panel: str, colour: str, instant: Instant) -> None:
    line = {"color": style.faded(colour, 0.7), "width": 1}
    canvas.shade(instant.earliest_ns, instant.latest_ns, panel, style.faded(colour, 0.22), line=line, layer="above")


# --- phases and probes -----------------------------------------------------------------------------------------------


def _phases(view: TrialView) -> list[Stretch]:
    begun = _until_the_next(view.of_kind(Kind.PHASE), view.span.latest_ns)
    return [Stretch(event.at.earliest_ns, end, event.subject) for event, end in begun if end > event.at.earliest_ns]


def _lamps(view: TrialView) -> dict[str, list[Stretch]]:
    """
    Each probe's stretches; an event is told when an answer differs from the one before it.
    """
    lamps: dict[str, list[Stretch]] = {}
    told = view.of_kind(Kind.PROBE)
    for name in dict.fromkeys(event.subject for event in told):
        said = _until_the_next([event for event in told if event.subject == name], view.span.latest_ns)
        lamps[name] = [
            Stretch(event.at.earliest_ns, end, str(event.data.get("detail") or ""), bool(event.data.get("good")))
            for event, end in said
        ]
    return lamps


def _until_the_next(events: Sequence[Event], end_ns: int) -> list[tuple[Event, int]]:
    """
    Events, each with the moment at which the next one begins, or the end of all.
    """
    ends = [*(event.at.earliest_ns for event in events), end_ns][1:]
    return list(zip(events, ends, strict=True))


def _draw_lamps(canvas: Canvas, panel: str, y: float, said: list[Stretch], is_good: bool) -> None:
    colour = style.faded(style.GREEN, 0.55) if is_good else style.faded(style.VERMILLION, 0.75)
    pattern = {} if is_good else {"shape": "/", "fgcolor": "#ffffff", "size": 6, "solidity": 0.25}
    canvas.draw(
        go.Bar(
            **_extent(canvas.window, said),
            y=[y] * len(said),
            width=0.42,
            orientation="h",
            marker={"color": colour, "pattern": pattern, "line": {"width": 0}},
            hovertext=[f"{'good' if is_good else 'bad'}<br>{style.text(stretch.what)}" for stretch in said],
            hoverinfo="text",
            name="good" if is_good else "bad",
        ),
        panel,
    )


def _shade(index: int) -> str:
    return "#dfe5ea" if index % 2 else style.SHADE


def _extent(window: Window, stretches: list[Stretch]) -> dict[str, list[float]]:
    starts = [window.at(stretch.from_ns) for stretch in stretches]
    return {
        "base": starts,
        "x": [round(window.at(stretch.to_ns) - start, 6) for stretch, start in zip(stretches, starts, strict=True)],
    }
