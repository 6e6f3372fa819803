"""
Crossings of a sampled rail: whatever the samples average over, the moment from which the rail stays lies inside.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.instant import Instant
from harness.model.world import ContactSpec, RailSpec
from harness.science.crossing import Crossing
from harness.sim.rail import Rail

MS = 10**6
CHATTER_NS = 2 * MS
STROKE_NS, END_NS = 20 * MS, 400 * MS
THRESHOLD_V = 3.0


class Nothing:
    """
    A unit that draws nothing.
    """

    def powered(self, at_ns: int) -> None: ...

    def power_lost(self, at_ns: int) -> None: ...

    def current_a(self, at_ns: int) -> float:
        return 0.0

    def charge(self, from_ns: int, to_ns: int) -> float:
        return 0.0


def rail_of(hold_up_ns: int, chatter: list[int], *, opens: bool) -> Rail:
    """
    A rail whose contact moves at 20 ms, touching or parting again at some moments (nanoseconds) after that.
    """
    spec = RailSpec(dut="node", hold_up_s=hold_up_ns / 10**9, contact=ContactSpec(pin=1))
    rail = Rail(spec, Nothing(), opens, 0)
    after = sorted(set(chatter))[: len(set(chatter)) // 2 * 2]
    rail.move(0, [(STROKE_NS + at, (index % 2 == 0) is not opens) for index, at in enumerate([0, *after])])
    return rail


# Contacts that chatter for 2 ms at most, capacitors from small to large, readings from quick to slow.
chatters = st.lists(st.integers(1, CHATTER_NS), max_size=6)
hold_ups_ns = st.integers(MS // 10, 100 * MS)
readings_ns = st.lists(st.integers(MS // 4, 30 * MS), min_size=3, max_size=12)


def found(rail: Rail, lengths_ns: list[int], *, rising: bool) -> Instant | None:
    """
    What a meter finds that averages over one window after the other, again and again the same lengths.
    """
    crossing = Crossing(THRESHOLD_V, rising=rising, chatter_ns=CHATTER_NS)
    ends = accumulate((lengths_ns * (END_NS // sum(lengths_ns) + 1)), initial=0)
    for start_ns, end_ns in pairwise(ends):
        if crossing.feed(rail.mean_v(start_ns, end_ns), Instant(start_ns, end_ns)) is not None:
            # As a bench does: it looks no further.
            return crossing.found
    return None


@pytest.mark.parametrize("rising", [False, True], ids=["falling", "rising"])
@given(hold_up_ns=hold_ups_ns, chatter=chatters, lengths_ns=readings_ns)
def test_the_last_crossing_lies_in_what_is_found_first(
    rising: bool, hold_up_ns: int, chatter: list[int], lengths_ns: list[int]
) -> None:
    rail = rail_of(hold_up_ns, chatter, opens=not rising)
    truth = max(at for at, up in rail.crossings(THRESHOLD_V, 0) if up is rising)
    crossing = found(rail, lengths_ns, rising=rising)
    if truth < END_NS:
        assert crossing is not None
        assert crossing.holds(truth)


@given(hold_up_ns=hold_ups_ns, lengths_ns=readings_ns)
def test_it_is_no_wider_than_two_readings_and_the_chatter(hold_up_ns: int, lengths_ns: list[int]) -> None:
    crossing = found(rail_of(hold_up_ns, [], opens=True), lengths_ns, rising=False)
    if crossing is not None:
        assert crossing.width_ns <= 2 * max(lengths_ns) + 2 * CHATTER_NS


def fed(crossing: Crossing, *samples: tuple[float, int]) -> list[Instant | None]:
    """
    What a crossing says after each of some samples, a nanosecond long each.
    """
    return [crossing.feed(value, Instant(at, at + 1)) for value, at in samples]


def test_a_crossing_lies_between_the_last_near_sample_and_the_first_far_one() -> None:
    crossing = Crossing(3.0, rising=False)
    assert fed(crossing, (5.0, 0), (4.0, 10), (2.0, 20), (1.0, 30)) == [None, None, Instant(10, 21), Instant(10, 21)]


def test_the_threshold_itself_is_on_the_near_side() -> None:
    assert fed(Crossing(3.0, rising=True), (2.0, 0), (3.0, 10), (3.1, 20))[-1] == Instant(10, 21)
    assert fed(Crossing(3.0, rising=False), (4.0, 0), (3.0, 10), (2.9, 20))[-1] == Instant(10, 21)


def test_a_sample_back_on_the_near_side_unsees_it() -> None:
    crossing = Crossing(3.0, rising=False)
    assert fed(crossing, (5.0, 0), (2.0, 10), (4.0, 20))[-1] is None
    assert fed(crossing, (2.0, 30)) == [Instant(20, 31)]


def test_without_a_near_side_there_is_nothing_to_cross() -> None:
    crossing = Crossing(3.0, rising=False)
    assert fed(crossing, (2.0, 0), (1.0, 10)) == [None, None]
    assert not crossing.has_near
    fed(crossing, (4.0, 20))
    assert crossing.has_near


def test_a_chatter_is_added_twice_at_the_late_end() -> None:
    assert fed(Crossing(3.0, rising=False, chatter_ns=100), (5.0, 0), (2.0, 10))[-1] == Instant(0, 211)


def test_samples_may_overlap() -> None:
    crossing: Any = Crossing(3.0, rising=False)
    crossing.feed(5.0, Instant(0, 20))
    assert crossing.feed(2.0, Instant(10, 15)) == Instant(0, 15)
