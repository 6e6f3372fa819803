"""
How every figure looks: colours, letters, and the words in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from ..model.verdict import TrialVerdict, Verdict

# Okabe and Ito, "Color Universal Design" (2008): told apart by every kind of colour vision, and in grey print.
ORANGE, SKY, GREEN, BLUE, VERMILLION, PURPLE = "#e69f00", "#56b4e9", "#009e73", "#0072b2", "#d55e00", "#cc79a7"
INK, QUIET, LINE, GRID, SHADE = "#1f2933", "#5f6b7a", "#9aa5b1", "#e6eaee", "#f3f5f7"

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

# A shape beside each colour: no meaning hangs on colour alone.
VERDICTS: Mapping[Verdict | TrialVerdict, tuple[str, str]] = {
    Verdict.HELD: (GREEN, "circle"),
    Verdict.DEVIATED: (VERMILLION, "x"),
    Verdict.INCONCLUSIVE: (ORANGE, "diamond-open"),
    TrialVerdict.RECOVERED: (GREEN, "circle"),
    TrialVerdict.STUCK: (VERMILLION, "x"),
    TrialVerdict.INCONCLUSIVE: (ORANGE, "diamond-open"),
}

# What happened by what it is about: the fault, the loss, the notice, the removal, the return.
INSTANTS: Mapping[str, str] = {
    "fault_commanded": VERMILLION,
    "fault_effective": VERMILLION,
    "steady_lost": PURPLE,
    "detected": ORANGE,
    "failed_over": ORANGE,
    "removal_commanded": BLUE,
    "removal_effective": BLUE,
    "first_sign": SKY,
    "ready": GREEN,
}


def layout(height_px: int, **rest: Any) -> dict[str, Any]:
    """
    What all figures share; `rest` is the figure's own.
    """
    return {
        "height": height_px,
        "autosize": True,
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "font": {"family": FONT, "size": 12, "color": INK},
        "hoverlabel": {"bgcolor": "#ffffff", "bordercolor": LINE, "font": {"family": FONT, "size": 12, "color": INK}},
        "margin": {"l": 58, "r": 14, "t": 10, "b": 46},
        "showlegend": False,
        "modebar": {"bgcolor": "rgba(255,255,255,0)", "color": LINE, "activecolor": INK},
        **rest,
    }


def axis(title: str = "", **rest: Any) -> dict[str, Any]:
    """
    An axis with its unit in its title.
    """
    return {
        "title": {"text": title, "standoff": 8},
        "gridcolor": GRID,
        "linecolor": LINE,
        "tickcolor": LINE,
        "ticks": "outside",
        "ticklen": 4,
        "zeroline": False,
        **rest,
    }


def faded(colour: str, opacity: float) -> str:
    """
    >>> faded("#0072b2", 0.25)
    'rgba(0,114,178,0.25)'
    """
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


def text(anything: object) -> str:
    """
    Text from anywhere, as a figure shows it as it is: plotly takes a little HTML.

    >>> text("rail <b>main</b>")
    'rail &lt;b&gt;main&lt;/b&gt;'
    """
    return escape("".join(letter for letter in str(anything) if letter.isprintable()), quote=False)
