"""
Crossings of a sampled rail, and the strokes of the contact before it.
"""

from __future__ import annotations

import pytest

from harness.model.instant import Instant, Span
from harness.model.quantity import Quantity
from harness.model.trace import Code
from harness.science.rail_edges import Stroke, hold_up, rail_crossing, stroke
from tests.science.traces import MS, Row, currents, ms, trace

UP, DOWN = (5.0, 0.3), (1.0, 0.0)


@pytest.mark.parametrize(
    ("between", "found"),
    [
        ([], ms(4, 6)),
        # A gap, a flagged row, and a voltage that is within one step of the threshold are on neither side.
        ([(3, Code.GAP)], ms(4, 9)),
        ([(2, Code.NACK)], ms(4, 8)),
        ([(2, (3.0005, 0.0))], ms(4, 8)),
        ([(2, (3.002, 0.0))], ms(6, 8)),
    ],
)
def test_a_rail_fell_between_the_last_row_above_and_the_first_below(
    between: list[tuple[int, Row]], found: Instant
) -> None:
    rows = trace((5, UP), *between, (5, DOWN))
    assert rail_crossing(rows, 3.0, rising=False, lsb_v=0.001) == found


def test_a_rail_that_was_seen_on_one_side_only_did_not_cross() -> None:
    assert rail_crossing(trace((5, DOWN)), 3.0, rising=False, lsb_v=0.001) is None
    assert rail_crossing(trace((5, UP)), 3.0, rising=False, lsb_v=0.001) is None


def test_a_hold_up_runs_from_90_percent_to_brown_out() -> None:
    rows = trace((5, UP), (1, (4.4, 0.0)), (10, (3.5, 0.0)), (5, DOWN))
    assert hold_up(rows, 5.0, 3.0, lsb_v=0.001) == Span(15 * MS - 6 * MS, 17 * MS - 4 * MS)
    assert hold_up(trace((5, UP)), 5.0, 3.0, lsb_v=0.001) is None


def seen(*stretches: tuple[int, float | Code], closes: bool = False, chatter_ms: float = 2.0) -> Stroke | None:
    return stroke(
        currents(*stretches),
        0.05,
        closes=closes,
        lsb_a=0.001,
        commanded=ms(2.0, 2.1),
        chatter_ns=round(chatter_ms * MS),
    )


def test_a_contact_moved_between_the_last_current_and_the_first_without() -> None:
    found = seen((5, 0.3), (5, 0.0))
    assert found is not None
    # It may have chattered for 2 ms before the last current, but not have moved before the command.
    assert (found.moved, found.rested) == (ms(2, 6), ms(4, 8))
    assert found.operate == Quantity(0.0, 0.004, "s")
    assert found.bounce == Quantity(0.0, 0.002, "s")


def test_a_chatter_that_is_seen_lasts_at_least_as_long_as_it_was_seen() -> None:
    found = seen((10, 0.3), (2, 0.0), (4, 0.3), (9, 0.0), chatter_ms=6)
    assert found is not None
    assert found.bounce == Quantity(0.004, 0.006, "s")


def test_a_chatter_that_outlasts_what_was_declared_has_no_bound() -> None:
    found = seen((10, 0.3), (2, 0.0), (8, 0.3), (9, 0.0))
    assert found is not None
    assert found.bounce == Quantity(0.008, None, "s")
    assert found.operate.low == 0.0


def test_a_contact_that_closes_is_seen_by_its_current() -> None:
    found = seen((5, 0.0), (5, 0.3), closes=True)
    assert found is not None
    assert (found.moved, found.rested) == (ms(2, 6), ms(4, 8))


@pytest.mark.parametrize("rows", [[(9, 0.3)], [(5, 0.3), (2, 0.0), (2, 0.3)], [(9, Code.GAP)]])
def test_a_stroke_that_was_not_seen_done_is_none(rows: list[tuple[int, float | Code]]) -> None:
    assert seen(*rows) is None
