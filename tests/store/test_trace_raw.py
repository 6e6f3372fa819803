"""
Samples in columns: the same samples, in the same order.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.trace import Sample
from harness.store.trace_raw import COLUMNS, Raw
from tests.store.traced import in_order, sample


def test_every_column_of_a_sample_has_its_place() -> None:
    assert tuple(COLUMNS) == Sample._fields


@given(rows=in_order(most=40), cut=st.integers(0, 40))
def test_what_went_in_comes_out_and_pieces_are_joined_in_order(rows: list[Sample], cut: int) -> None:
    pieces = Raw(rows[:cut]), Raw(rows[cut:])
    whole = Raw.joined(pieces)
    assert (list(whole), len(whole)) == (rows, len(rows))
    assert len(pieces[0]) + len(pieces[1]) == len(rows)


def test_none_at_all_are_none() -> None:
    assert (list(Raw()), len(Raw()), len(Raw.joined([]))) == ([], 0, 0)


def test_a_number_that_fits_no_column_is_refused() -> None:
    with pytest.raises(OverflowError):
        Raw([sample(0, bus=2**31)])
