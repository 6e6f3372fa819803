"""
What was measured beside its targets.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.figures.target_figure import Target, target_figure
from harness.model.verdict import Verdict

DOWNTIME = Target(
    name="downtime",
    op="<",
    limit=30.0,
    value=15.0,
    low=14.4,
    high=15.6,
    verdict=Verdict.HELD,
    shown="15.000 s ± 600 ms",
)


def test_a_value_is_a_share_of_its_target_with_its_whole_interval() -> None:
    figure = target_figure([DOWNTIME])
    assert figure is not None
    line, points = figure.data

    assert line.x == (48.0, 52.0)
    assert points.x == (50.0,)
    assert figure.layout.xaxis.title.text == "measured, as a share of its target (%)"


@pytest.mark.parametrize("high", [None, 90.0])
def test_an_interval_that_leaves_the_axis_ends_in_an_arrow(high: float | None) -> None:
    figure = target_figure([replace(DOWNTIME, high=high)])
    assert figure is not None

    assert figure.data[0].x == (48.0, 200.0)
    assert list(zip(figure.data[1].x, figure.data[1].marker.symbol, strict=True)) == [
        (50.0, "circle"),
        (200.0, "triangle-right"),
    ]


def test_a_value_beyond_the_axis_is_not_drawn_at_its_end() -> None:
    figure = target_figure([replace(DOWNTIME, value=900.0, low=880.0, high=920.0, verdict=Verdict.DEVIATED)])
    assert figure is not None

    assert figure.data[1].marker.symbol == ("triangle-right",)


@pytest.mark.parametrize(("op", "ends"), [("<", (0, 100)), (">=", (100, 200))])
def test_the_side_that_meets_the_target_is_shaded(op: str, ends: tuple[int, int]) -> None:
    figure = target_figure([replace(DOWNTIME, op=op)])
    assert figure is not None
    (box,) = (shape for shape in figure.layout.shapes if shape.type == "rect")

    assert (box.x0, box.x1) == ends


def test_rows_stand_in_the_order_of_the_targets() -> None:
    figure = target_figure([DOWNTIME, replace(DOWNTIME, name="boot")])
    assert figure is not None
    heights = {note.text.split("</b>")[0].removeprefix("<b>"): note.y for note in figure.layout.annotations}

    assert heights["downtime"] > heights["boot"]


@pytest.mark.parametrize("target", [replace(DOWNTIME, limit=0.0), replace(DOWNTIME, op="==")])
def test_what_has_no_share_is_left_to_the_table(target: Target) -> None:
    assert target_figure([target]) is None
    assert target_figure([]) is None
