"""
A rail's voltage and current in two panels, with its levels and its gaps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from . import style
from .canvas import Canvas
from .rail_series import Series, rail_of
from .trial_view import TrialView, Window

_VOLTS_PX, _AMPERES_PX = 210, 120
_COLOURS = (style.INK, style.BLUE, style.PURPLE, style.ORANGE)
_GAP_COLOUR = style.faded(style.QUIET, 0.45)
_ROOM_ABOVE = 1.16

# A rail that shows less than this is flat: its noise is not blown up to fill the figure.
_FLATTEST = 0.01


def draw_rails(canvas: Canvas, view: TrialView) -> list[str]:
    """
    Two panels, volts above amperes, with every trace and the levels of their rails; the names of the panels.
    """
    seen = [rail_of(trace, canvas.window) for trace in view.traces]
    levels = [view.rails[dut] for dut in dict.fromkeys(trace.dut for trace in view.traces) if dut in view.rails]
    nominal_v = [level.nominal_v for level in levels]
    volts = canvas.panel(_VOLTS_PX, title="rail voltage (V)", range=_range([r.volts for r in seen], nominal_v))
    amperes = canvas.panel(_AMPERES_PX, title="current (A)", range=_range([r.amperes for r in seen], []))
    for level in levels:
        canvas.level(level.nominal_v, volts, style.QUIET, "dash", f"nominal {level.nominal_v:g} V")
        canvas.level(level.brown_out_v, volts, style.VERMILLION, "dashdot", f"brown-out {level.brown_out_v:g} V")
    for index, (trace, rail) in enumerate(zip(view.traces, seen, strict=True)):
        colour, name = _COLOURS[index % len(_COLOURS)], style.text(trace.meter)
        draw = _draw_samples if rail.is_close else _draw_envelope
        draw(canvas, volts, rail.volts, colour, f"{name}: voltage", "V")
        draw(canvas, amperes, rail.amperes, colour, f"{name}: current", "A")
        for gap in rail.gaps:
            for panel in (volts, amperes):
                canvas.shade(*gap, panel, _GAP_COLOUR, layer="above")
    return [volts, amperes]


def _range(seen: Sequence[Series], also: Sequence[float]) -> list[float]:
    values = [value for series in seen for value in (*series.low, *series.high) if not math.isnan(value)]
    top, bottom = max([*values, *also], default=1.0), min(values, default=0.0)
    return [min(0.0, bottom) * _ROOM_ABOVE, max(top, _FLATTEST) * _ROOM_ABOVE]


# --- from series to traces of a figure -------------------------------------------------------------------------------


def _draw_envelope(canvas: Canvas, panel: str, series: Series, colour: str, name: str, unit: str) -> None:
    if any(low < high for low, high in zip(series.low, series.high, strict=True)):
        xs, ys = _outline(canvas.window, series)
        look = {"fill": "toself", "fillcolor": style.faded(colour, 0.25), "line": {"width": 0}}
        canvas.draw(go.Scatter(x=xs, y=ys, mode="lines", hoverinfo="skip", name=name, **look), panel)
    xs, ys = _means(canvas.window, series)
    line = {"color": colour, "width": 1.5}
    canvas.draw(go.Scatter(x=xs, y=ys, mode="lines", line=line, name=name, **_told(canvas, name, unit)), panel)


def _draw_samples(canvas: Canvas, panel: str, series: Series, colour: str, name: str, unit: str) -> None:
    """
    Each sample as long as it was averaged, for its value was reached somewhere in it; a line joins their middles.
    """
    xs, ys = _bars(canvas.window, series)
    line = {"color": style.faded(colour, 0.4), "width": 4}
    canvas.draw(go.Scatter(x=xs, y=ys, mode="lines", line=line, hoverinfo="skip", name=name), panel)
    xs, ys = _means(canvas.window, series)
    line, marker = {"color": colour, "width": 1}, {"color": colour, "size": 4}
    look = {"mode": "lines+markers", "line": line, "marker": marker}
    canvas.draw(go.Scatter(x=xs, y=ys, name=name, **look, **_told(canvas, name, unit)), panel)


def _told(canvas: Canvas, name: str, unit: str) -> dict[str, object]:
    """
    What pointing at a line tells.
    """
    return {
        "connectgaps": False,
        "hovertemplate": f"%{{y:.4g}} {unit} at %{{x}} {canvas.window.unit}<extra>{name}</extra>",
    }


def _means(window: Window, series: Series) -> tuple[list[float | None], list[float | None]]:
    """
    The mean of each stretch at its middle, with a break at every gap.
    """
    xs: list[float | None] = []
    ys: list[float | None] = []
    for run in series.runs():
        xs += [window.at((series.start_ns[index] + series.end_ns[index]) // 2) for index in run]
        ys += [_rounded(series.mean[index]) for index in run]
        xs.append(None)
        ys.append(None)
    return xs[:-1], ys[:-1]


def _bars(window: Window, series: Series) -> tuple[list[float | None], list[float | None]]:
    """
    Each value from its stretch's beginning to its end.
    """
    xs: list[float | None] = []
    ys: list[float | None] = []
    for run in series.runs():
        for index in run:
            xs += [window.at(series.start_ns[index]), window.at(series.end_ns[index]), None]
            ys += [_rounded(series.mean[index])] * 2 + [None]
    return xs[:-1], ys[:-1]


def _outline(window: Window, series: Series) -> tuple[list[float | None], list[float | None]]:
    """
    The band from the least to the greatest value: along its upper edge, and back along its lower one.
    """
    xs: list[float | None] = []
    ys: list[float | None] = []
    for run in series.runs():
        for indices, values, ends in (
            (run, series.high, (series.start_ns, series.end_ns)),
            (reversed(run), series.low, (series.end_ns, series.start_ns)),
        ):
            for index in indices:
                xs += [window.at(end[index]) for end in ends]
                ys += [_rounded(values[index])] * 2
        xs.append(None)
        ys.append(None)
    return xs[:-1], ys[:-1]


def _rounded(value: float) -> float:
    # A hundredth of the finest step that the supported chips have (INA228: 195 µV, or 0.5 µA at small ranges).
    return round(value, 6)
