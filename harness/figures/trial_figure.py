"""
A trial on one axis of time: power, phases, instants, consoles, probes.
"""

from __future__ import annotations

from typing import Any

from .canvas import Canvas
from .console_lane import draw_consoles
from .lanes import draw_instants, draw_phases, draw_probes, shade_phases
from .rail_panels import draw_rails
from .trial_view import TrialView, Window


def trial_figure(view: TrialView, window: Window | None = None) -> Any:
    """
    A plotly figure of a trial: all of it, or the close-up of a `window`.

    Without a trace the power is left out, and without a console its lines.
    """
    canvas = Canvas(window or view.whole())
    is_whole = window is None
    if is_whole:
        draw_phases(canvas, view)
    panels = draw_rails(canvas, view) if view.traces else []
    if is_whole:
        shade_phases(canvas, view, panels)
    draw_instants(canvas, view, panels)
    if is_whole:
        draw_consoles(canvas, view)
        draw_probes(canvas, view)
    return canvas.figure()
