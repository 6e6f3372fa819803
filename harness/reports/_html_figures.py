"""
Figures in the page: each has its place in the text, and its data in one block at the end.
"""

from __future__ import annotations

from typing import Any

from ._html_tags import Markup, tag

Figures = dict[str, Any]


def plot(figures: Figures, name: str, figure: Any, *, says: str, caption: object) -> Markup:
    """
    The place of a figure, as high as it will be, with its words for those who do not see it.
    """
    figures[name] = figure
    height = f"height:{figure.layout.height}px"
    place = tag("div", class_="plot", data_figure=name, role="img", aria_label=says, style=height)
    return tag("figure", place, tag("figcaption", caption))
