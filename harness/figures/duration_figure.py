"""
One duration over trials: each with its whole interval, the ones that never ended marked as such.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from ..model.instant import Span
from ..model.trial import Trial
from ..model.verdict import TrialVerdict
from . import style

_HEIGHT_PX = 230
_MANY = 60
_KINDS = {
    "seen to end": ("circle", style.BLUE),
    "not seen to end": ("triangle-up", style.VERMILLION),
    "inconclusive": ("diamond-open", style.ORANGE),
}


def duration_figure(name: str, trials: Sequence[Trial], target_s: float | None = None) -> Any | None:
    """
    A plotly figure of the duration `name` in each trial, with its target in seconds; None where no trial has it.
    """
    seen = [(trial, span) for trial in trials if (span := trial.duration(name)) is not None]
    if not seen:
        return None
    unit, scale = _unit([span for _, span in seen])
    shapes: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    if target_s is not None and _fits(target_s, seen):
        shapes, notes = _target_line(target_s * scale)
    return go.Figure(
        data=[_intervals(seen, scale), *_points(seen, scale)],
        layout=style.layout(
            _HEIGHT_PX,
            template=None,
            margin={"l": 58, "r": 12, "t": 10, "b": 44},
            shapes=shapes,
            annotations=notes,
            xaxis=style.axis("trial", showgrid=False, fixedrange=True, **_whole_numbers(trials)),
            yaxis=style.axis(f"{name.replace('_', ' ')} ({unit})", rangemode="tozero", fixedrange=True),
        ),
    )


def _unit(spans: Sequence[Span]) -> tuple[str, float]:
    longest = max(abs(span.mid_s) for span in spans)
    return ("s", 1.0) if longest >= 1 else ("ms", 1e3)


def _fits(target_s: float, seen: Sequence[tuple[Trial, Span]]) -> bool:
    """
    Whether a target's line leaves the durations more than a sliver of the figure.
    """
    return target_s <= 4 * max(span.high_s or span.low_s for _, span in seen)


def _intervals(seen: Sequence[tuple[Trial, Span]], scale: float) -> Any:
    """
    Every interval as one broken line: ten thousand of them are still one path.
    """
    xs: list[float | None] = []
    ys: list[float | None] = []
    for trial, span in seen:
        if span.high_s is not None:
            xs += [trial.index, trial.index, None]
            ys += [_number(span.low_s * scale), _number(span.high_s * scale), None]
    width = 3 if len(seen) < _MANY else 1
    line = {"color": style.faded(style.BLUE, 0.55), "width": width}
    return go.Scatter(x=xs, y=ys, mode="lines", line=line, connectgaps=False, hoverinfo="skip", name="interval")


def _points(seen: Sequence[tuple[Trial, Span]], scale: float) -> list[Any]:
    size = 8 if len(seen) < _MANY else 4
    made = []
    for kind, (symbol, colour) in _KINDS.items():
        some = [(trial, span) for trial, span in seen if _kind(trial, span) == kind]
        if not some:
            continue
        marker = {"symbol": symbol, "color": colour, "size": size, "line": {"width": 1, "color": colour}}
        made.append(
            go.Scatter(
                x=[trial.index for trial, _ in some],
                y=[_number(span.mid_s * scale) for _, span in some],
                mode="markers",
                marker=marker,
                hovertext=[f"trial {trial.index}: {span}<br>{trial.verdict}, {kind}" for trial, span in some],
                hoverinfo="text",
                name=kind,
            )
        )
    return made


def _kind(trial: Trial, span: Span) -> str:
    if span.is_censored:
        return "not seen to end"
    return "inconclusive" if trial.verdict is TrialVerdict.INCONCLUSIVE else "seen to end"


def _target_line(at: float) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    line = {"color": style.INK, "width": 1.5, "dash": "dash"}
    note = {"text": "target", "x": 1, "xref": "paper", "xanchor": "right", "y": at, "yanchor": "bottom"}
    return (
        [{"type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": at, "y1": at, "line": line}],
        [{**note, "showarrow": False, "font": {"size": 11, "color": style.INK}}],
    )


def _whole_numbers(trials: Sequence[Trial]) -> dict[str, Any]:
    indices = [trial.index for trial in trials]
    ends = {"range": [min(indices) - 0.6, max(indices) + 0.6]}
    return {**ends, "dtick": 1} if len(indices) <= 12 else {**ends, "tickformat": "d", "nticks": 8}


def _number(value: float) -> float:
    return round(value, 6)
