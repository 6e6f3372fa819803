"""
When a DUT had booted, by the current that it draws.
"""

from __future__ import annotations

import pytest

from harness.model.instant import Instant
from harness.model.trace import Code
from harness.science.boot import booted_by_signature, booted_in_band
from tests.science.traces import MS, currents, ms

RUNS_A = (0.24, 0.26)
# For so many seconds 0.4 A, then 0.1 A, then it runs.
SIGNATURE = [(0.0, 0.4), (0.02, 0.1), (0.04, 0.25)]

Stretches = list[tuple[int, float | Code]]


@pytest.mark.parametrize(
    ("stretches", "booted"),
    [
        ([(20, 0.4), (40, 0.25)], ms(19, 21)),
        # An average of two currents that happens to lie in the band is none of the band.
        ([(20, 0.4), (1, 0.25), (20, 0.1), (40, 0.25)], ms(40, 42)),
        # What was not seen may have been outside: what comes after it counts.
        ([(20, 0.4), (2, 0.25), (3, Code.GAP), (40, 0.25)], ms(19, 26)),
        # A gap much later changes nothing.
        ([(20, 0.4), (20, 0.25), (3, Code.GAP), (40, 0.25)], ms(19, 21)),
        # It ran, and did not stay: it started anew.
        ([(20, 0.4), (20, 0.25), (20, 0.4), (40, 0.25)], ms(59, 61)),
        # Not long enough; never there; never seen to come there.
        ([(20, 0.4), (10, 0.25)], None),
        ([(60, 0.4)], None),
        ([(60, 0.25)], None),
        ([], None),
    ],
)
def test_it_runs_once_its_current_stays_in_the_band(stretches: Stretches, booted: Instant | None) -> None:
    assert booted_in_band(currents(*stretches), RUNS_A, lsb_a=0.001, stays_ns=30 * MS) == booted


@pytest.mark.parametrize(
    ("stretches", "booted"),
    [
        ([(20, 0.41), (20, 0.09), (9, 0.25)], ms(39, 41)),
        # A boot of twice the pace, and one that takes its time.
        ([(10, 0.4), (11, 0.1), (9, 0.25)], ms(20, 22)),
        ([(60, 0.4), (60, 0.1), (9, 0.25)], ms(119, 121)),
        # An inrush that fades through every level.
        ([(1, 0.4), (1, 1.0), (1, 0.25), (17, 0.4), (20, 0.1), (9, 0.25)], ms(39, 41)),
        # A gap hides the step.
        ([(20, 0.4), (10, 0.1), (10, Code.GAP), (9, 0.25)], ms(29, 41)),
        # A level is missing; the last one did not stay.
        ([(40, 0.4), (20, 0.25)], None),
        ([(20, 0.4), (20, 0.1), (3, 0.25), (20, 0.5)], None),
    ],
)
def test_it_has_booted_at_the_last_step_of_its_signature(stretches: Stretches, booted: Instant | None) -> None:
    assert booted_by_signature(currents(*stretches), SIGNATURE, ms(0, 1), lsb_a=0.001) == booted
