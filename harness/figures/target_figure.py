"""
What was measured beside its targets, each as a share of its own target.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from ..model.verdict import Verdict
from . import style

_ROW_PX = 46
# The axis ends at twice the target; what lies beyond is drawn at its end, as an arrow.
_END_PERCENT = 200.0
_MARGIN_PX = {"l": 14, "r": 14, "t": 26, "b": 52}
_TARGET_LINE = {
    "type": "line",
    "x0": 100,
    "x1": 100,
    "y0": 0,
    "y1": 1,
    "yref": "paper",
    "line": {"color": style.INK, "width": 2},
}
_TARGET_NOTE = {
    "text": "target",
    "x": 100,
    "y": 1,
    "yref": "paper",
    "yanchor": "bottom",
    "showarrow": False,
    "font": {"size": 11, "color": style.INK},
}
_IS_UPPER = {"<": True, "<=": True, ">": False, ">=": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """
    A criterion with a limit other than zero, and the interval it was judged on; `high` None has no upper bound.

    `shown` is the measured value in words.
    """

    name: str
    op: str
    limit: float
    value: float
    low: float
    high: float | None
    verdict: Verdict
    shown: str

    @property
    def is_drawable(self) -> bool:
        """
        Whether a share of its limit has a meaning.
        """
        return self.op in _IS_UPPER and self.limit > 0

    def is_beyond(self, value: float) -> bool:
        """
        Whether a value lies past the end of the axis.
        """
        return 100 * value / self.limit > _END_PERCENT

    def percent(self, value: float) -> float:
        """
        A value as a share of the limit, in percent, inside the axis.
        """
        return round(min(max(100 * value / self.limit, 0.0), _END_PERCENT), 4)


def target_figure(targets: Sequence[Target]) -> Any | None:
    """
    A plotly figure of the targets that can be drawn, in their order; None when none can.
    """
    rows = list(enumerate(target for target in reversed(targets) if target.is_drawable))
    if not rows:
        return None
    height_px = _ROW_PX * len(rows) + _MARGIN_PX["t"] + _MARGIN_PX["b"]
    ticks = {"tickvals": [0, 50, 100, 150, _END_PERCENT], "fixedrange": True}
    return go.Figure(
        data=[trace for y, row in rows for trace in _interval(row, y)],
        layout=style.layout(
            height_px,
            template=None,
            margin=_MARGIN_PX,
            shapes=[*(_allowed(row, y) for y, row in rows), _TARGET_LINE],
            annotations=[*(_words(row, y) for y, row in rows), _TARGET_NOTE],
            xaxis=style.axis("measured, as a share of its target (%)", range=[0, _END_PERCENT], **ticks),
            yaxis=style.axis(
                range=[-0.5, len(rows) - 0.5], showticklabels=False, showgrid=False, ticks="", fixedrange=True
            ),
        ),
    )


def _allowed(row: Target, y: int) -> dict[str, Any]:
    """
    Where a row meets its target.
    """
    ends = (0, 100) if _IS_UPPER[row.op] else (100, _END_PERCENT)
    where = {"x0": ends[0], "x1": ends[1], "y0": y - 0.38, "y1": y + 0.06}
    return {
        "type": "rect",
        "layer": "below",
        "fillcolor": style.faded(style.GREEN, 0.12),
        "line": {"width": 0},
        **where,
    }


def _words(row: Target, y: int) -> dict[str, Any]:
    words = f"<b>{style.text(row.name)}</b>  {style.text(row.shown)}"
    where = {"x": 0, "y": y + 0.28, "xref": "x", "yref": "y", "xanchor": "left", "xshift": 2}
    return {
        "text": words,
        "showarrow": False,
        "font": {"size": 12, "color": style.INK},
        "bgcolor": "rgba(255,255,255,0.8)",
        **where,
    }


def _interval(row: Target, y: int) -> list[Any]:
    """
    The interval as a line, and on it the value; an arrow where either goes on past the axis.
    """
    colour, symbol = style.VERDICTS[row.verdict]
    goes_on = row.high is None or row.is_beyond(row.high)
    low, high = row.percent(row.low), _END_PERCENT if row.high is None else row.percent(row.high)
    marks = [] if row.is_beyond(row.value) else [(row.percent(row.value), symbol)]
    marks += [(_END_PERCENT, "triangle-right")] if goes_on else []
    told = f"{style.text(row.name)}<br>{style.text(row.shown)}<br>{row.verdict}"
    level, name = y - 0.16, style.text(row.name)
    line = {"color": colour, "width": 4}
    outline = {"color": colour if "open" in symbol else "#ffffff", "width": 1.5}
    return [
        go.Scatter(x=[low, high], y=[level] * 2, mode="lines", line=line, hoverinfo="skip", name=name),
        go.Scatter(
            x=[at for at, _ in marks],
            y=[level] * len(marks),
            mode="markers",
            marker={"color": colour, "size": 12, "symbol": [shape for _, shape in marks], "line": outline},
            cliponaxis=False,
            hovertext=[told] * len(marks),
            hoverinfo="text",
            name=name,
        ),
    ]
