"""
The memory of a sampled meter: bounded, in order, and whole whatever was settled when.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.devices._recent import Recent
from harness.model.trace import Code, Sample
from tests.devices.meters import SCALE


def row(at: int, code: Code = Code.OK) -> Sample:
    return Sample(at, 10 * at, 10 * at + 15, 5000, at, code)


def filled(rows: int, settle_every: int, **size: int) -> Recent:
    recent = Recent(SCALE, **size)
    for at in range(rows):
        recent.add([row(at)])
        if at % settle_every == 0:
            recent.settle()
    return recent


@given(rows=st.integers(0, 60), settle_every=st.integers(1, 20), since_ns=st.integers(-10, 700))
def test_every_row_that_ends_since_a_moment_is_found_once(rows: int, settle_every: int, since_ns: int) -> None:
    found = filled(rows, settle_every, blocks=100, block_rows=7).since(since_ns)
    assert list(found.earliest_ns) == [10 * at for at in range(rows) if 10 * at + 15 >= since_ns]
    assert len(found.bus_v) == len(found.current_a) == len(found.code) == len(found)


def test_what_was_settled_comes_out_once_for_whoever_writes_it_down() -> None:
    recent = Recent(SCALE)
    recent.add([row(1), row(2)])
    assert recent.settle() == [row(1), row(2)]
    assert recent.settle() == []
    recent.add([row(3, Code.GAP)])
    assert recent.settle() == [row(3, Code.GAP)]
    found = recent.since(0)
    assert list(found.code) == [Code.OK, Code.OK, Code.GAP]
    assert (found.bus_v[0], found.current_a[1]) == (5.0, 2e-4)


@given(rows=st.integers(0, 500), settle_every=st.integers(1, 5))
def test_the_oldest_are_dropped_and_the_newest_never(rows: int, settle_every: int) -> None:
    found = filled(rows, settle_every, blocks=3, block_rows=10).since(0)
    # A block takes a whole batch before it is full.
    assert len(found) <= 3 * (10 + settle_every) + settle_every
    assert len(found) >= min(rows, 2 * 10)
    assert list(found.earliest_ns) == [10 * at for at in range(rows)][-len(found) or rows :]


def small(rows: int, *stretches: tuple[int, int]) -> Recent:
    """
    A memory of the newest twenty rows or so, which keeps some stretches from the moment on at which they are over.
    """
    recent = Recent(SCALE, blocks=3, block_rows=10)
    for at in range(rows):
        recent.add([row(at)])
        recent.settle()
        recent.keep([stretch for stretch in stretches if 10 * at >= stretch[0]])
    return recent


def test_what_is_kept_is_remembered_however_long_ago_and_what_was_dropped_is_a_gap() -> None:
    found = small(100, (100, 150), (300, 320)).since(0)
    newest = list(range(720, 1000, 10))
    kept = [90, 100, 110, 120, 130, 140]
    assert list(found.earliest_ns)[: len(kept) + 1] == [*kept, 155]
    assert (found.code[len(kept)], found.latest_ns[len(kept)]) == (Code.GAP, 290)
    assert list(found.earliest_ns)[-len(newest) :] == newest
    assert list(found.code).count(Code.GAP) == 2


def test_what_is_kept_and_still_among_the_newest_is_found_once() -> None:
    recent = small(25, (100, 150), (120, 400))
    assert list(recent.since(0).earliest_ns) == [10 * at for at in range(25)]


@pytest.mark.parametrize(("rows", "since_ns", "forgotten"), [(25, 0, False), (100, 0, True), (100, 800, False)])
def test_it_knows_what_it_has_forgotten(rows: int, since_ns: int, forgotten: bool) -> None:
    assert small(rows).has_forgotten(since_ns) is forgotten
    assert small(rows, (0, 2000)).has_forgotten(since_ns) is False
