"""
What the consoles said, on the axis of time: a lane for each, with its lines to point at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import plotly.graph_objects as go

from ..model.event import Event, Kind
from ..model.instant import Instant
from . import style
from .canvas import Canvas
from .trial_view import TrialView

_CONSOLE_PX = 34
# Lines that are closer together than this share of the axis are pointed at as one.
_TOGETHER = 1 / 200
# Of those so many are shown.
_MOST_LINES = 12
_HIDDEN = {"showticklabels": False, "showgrid": False, "ticks": ""}


def draw_consoles(canvas: Canvas, view: TrialView) -> None:
    """
    A lane for each console: a stroke for each line, or for a few that came at once, as wide as its instant.
    """
    said = [event for event in view.of_kind(Kind.CONSOLE) if canvas.window.touches(event.at)]
    names = sorted({event.subject for event in said})
    if not names:
        return
    panel = canvas.panel(_CONSOLE_PX * len(names), range=[0, len(names)], **_HIDDEN)
    for lane, name in enumerate(reversed(names)):
        lines = [event for event in said if event.subject == name]
        _draw_lines(canvas, panel, lane + 0.3, name, list(_together(lines, canvas.window.width_ns)))
        words = f"{style.text(name)}: {len(lines)} line{'s' if len(lines) != 1 else ''}"
        canvas.note(words, panel, y=lane + 0.55, yanchor="bottom", yshift=-2)


def _draw_lines(canvas: Canvas, panel: str, y: float, name: str, groups: Sequence[Sequence[Event]]) -> None:
    window = canvas.window
    spans = [_hull(group) for group in groups]
    starts = [window.at(span.earliest_ns) for span in spans]
    canvas.draw(
        go.Bar(
            base=starts,
            x=[round(window.at(span.latest_ns) - start, 6) for span, start in zip(spans, starts, strict=True)],
            y=[y] * len(groups),
            width=0.42,
            orientation="h",
            # An outline, so that an instant that is narrower than a pixel is seen.
            marker={"color": style.faded(style.BLUE, 0.35), "line": {"color": style.BLUE, "width": 1.5}},
            hovertext=[_words(canvas, group) for group in groups],
            hoverinfo="text",
            name=style.text(name),
        ),
        panel,
    )


def _words(canvas: Canvas, group: Sequence[Event]) -> str:
    lines = [style.text(str(event.data.get("text", "")).replace("\t", " ")) for event in group[:_MOST_LINES]]
    more = [f"… and {len(group) - _MOST_LINES} more"] if len(group) > _MOST_LINES else []
    return "<br>".join([str(canvas.window.since_zero(_hull(group))), *lines, *more])


def _together(lines: Sequence[Event], width_ns: int) -> Iterator[list[Event]]:
    """
    Lines in groups that are far enough apart to be pointed at.
    """
    slot_ns = max(1, round(width_ns * _TOGETHER))
    for _, group in groupby(lines, key=lambda event: event.at.latest_ns // slot_ns):
        yield list(group)


def _hull(group: Sequence[Event]) -> Instant:
    return Instant(min(event.at.earliest_ns for event in group), max(event.at.latest_ns for event in group))
