"""
One duration over trials.
"""

from __future__ import annotations

import pytest

from harness.figures.duration_figure import duration_figure
from tests.reports.examples import deviated

TRIALS = deviated.trials


def test_every_interval_is_drawn_whole() -> None:
    figure = duration_figure("boot", TRIALS)
    assert figure is not None
    spans = [(trial.index, span) for trial in TRIALS if (span := trial.duration("boot")) is not None]

    interval = figure.data[0]
    assert [x for x in interval.x if x is not None] == [index for index, _ in spans for _ in range(2)]
    ends = [end for _, span in spans for end in (span.low_s, span.high_s)]
    assert [y for y in interval.y if y is not None] == pytest.approx(ends)
    assert figure.layout.yaxis.title.text == "boot (s)"


def test_a_trial_that_never_ended_is_marked_and_has_no_interval() -> None:
    figure = duration_figure("downtime", TRIALS)
    assert figure is not None
    kinds = {trace.name: trace for trace in figure.data}

    assert kinds["not seen to end"].x == (5,)
    assert kinds["not seen to end"].marker.symbol == "triangle-up"
    assert 5 not in kinds["interval"].x
    assert 5 not in kinds["seen to end"].x


def test_short_durations_are_in_milliseconds() -> None:
    figure = duration_figure("actuation", TRIALS)
    assert figure is not None

    assert figure.layout.yaxis.title.text == "actuation (ms)"
    assert figure.data[1].y[0] == pytest.approx(42.0)


@pytest.mark.parametrize(("target_s", "lines"), [(30.0, 1), (3_000.0, 0), (None, 0)])
def test_a_target_is_a_line_where_it_leaves_the_durations_room(target_s: float | None, lines: int) -> None:
    figure = duration_figure("downtime", TRIALS, target_s)
    assert figure is not None

    assert len(figure.layout.shapes) == lines
    assert all(shape.y0 == target_s for shape in figure.layout.shapes)


def test_what_no_trial_has_is_no_figure() -> None:
    assert duration_figure("time_to_fail_over", TRIALS) is None
