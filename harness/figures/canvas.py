"""
Panels one below the other, on one axis of time.
"""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from . import style
from .trial_view import Window

_GAP_PX = 14
_MARGIN_PX = {"l": 58, "r": 14, "t": 30, "b": 50}


class Canvas:
    """
    Collects what is drawn, then makes one figure of it.
    """

    def __init__(self, window: Window) -> None:
        self.window = window
        self._traces: list[Any] = []
        self._shapes: list[dict[str, Any]] = []
        self._notes: list[dict[str, Any]] = []
        self._panels: list[tuple[int, dict[str, Any]]] = []

    def panel(self, height_px: int, **axis: Any) -> str:
        """
        A new panel below the others; the name of its y axis.
        """
        self._panels.append((height_px, axis))
        return "y" if len(self._panels) == 1 else f"y{len(self._panels)}"

    def draw(self, trace: Any, panel: str) -> None:
        """
        A trace in a panel.
        """
        trace.update(xaxis="x", yaxis=panel)
        self._traces.append(trace)

    def shade(self, from_ns: int, to_ns: int, panel: str, colour: str, **rest: Any) -> None:
        """
        A stretch of time over a panel's whole height, behind what is drawn in it unless its `layer` is `above`.
        """
        x0, x1 = self.window.at(from_ns), self.window.at(to_ns)
        where = {"x0": x0, "x1": x1, "y0": 0, "y1": 1, "xref": "x", "yref": f"{panel} domain"}
        look = {"layer": "below", "fillcolor": colour, "line": {"width": 0}, **rest}
        self._shapes.append({"type": "rect", **look, **where})

    def level(self, value: float, panel: str, colour: str, dash: str, words: str) -> None:
        """
        A level across a panel, with its name at its left end.
        """
        where = {"x0": 0, "x1": 1, "y0": value, "y1": value, "xref": "x domain", "yref": panel}
        line = {"color": colour, "width": 1.2, "dash": dash}
        self._shapes.append({"type": "line", "layer": "above", "line": line, **where})
        self.note(words, panel, y=value, colour=colour, yanchor="bottom")

    def note(self, words: str, panel: str, *, y: float, colour: str = style.QUIET, **rest: Any) -> None:
        """
        Words at the left edge of a panel, at a height on its axis.
        """
        where = {"x": 0, "y": y, "xref": "x domain", "yref": panel, "xanchor": "left", "xshift": 4, **rest}
        look = {"showarrow": False, "font": {"size": 11, "color": colour}, "bgcolor": "rgba(255,255,255,0.7)"}
        self._notes.append({"text": words, **look, **where})

    def figure(self) -> Any:
        """
        The figure.
        """
        inner_px = sum(height for height, _ in self._panels) + _GAP_PX * (len(self._panels) - 1)
        axes: dict[str, Any] = {}
        top_px = 0
        for number, (height_px, axis) in enumerate(self._panels, start=1):
            domain = [1 - (top_px + height_px) / inner_px, 1 - top_px / inner_px]
            axes[f"yaxis{number if number > 1 else ''}"] = style.axis(
                **{"domain": [max(0.0, domain[0]), min(1.0, domain[1])], "anchor": "x", "fixedrange": True, **axis}
            )
            top_px += height_px + _GAP_PX
        axes["xaxis"] = style.axis(
            self.window.title,
            range=self.window.ends,
            anchor="free",
            position=0,
            showspikes=True,
            spikemode="across",
            spikethickness=1,
            spikedash="dot",
            spikecolor=style.LINE,
        )
        return go.Figure(
            data=self._traces,
            layout=style.layout(
                inner_px + _MARGIN_PX["t"] + _MARGIN_PX["b"],
                margin=_MARGIN_PX,
                shapes=self._shapes,
                annotations=self._notes,
                hovermode="closest",
                barmode="overlay",
                template=None,
                **axes,
            ),
        )
