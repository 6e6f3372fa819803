"""
Of everything that went wrong at once, the one error that matters.
"""

from __future__ import annotations

import pytest

from harness.engine.leaves import gravest, leaves, ungrouped
from harness.errors import DeviceError, NotProven, Refused, Unrestored

DARK, BUG, NO = Unrestored(["mains"], "stays down"), KeyError("a bug"), Refused("not now")
LATE, BROKEN = NotProven("no meter"), DeviceError("mains", "is gone")


def test_errors_inside_groups_are_found_in_order() -> None:
    group = BaseExceptionGroup("", [BROKEN, ExceptionGroup("", [BUG, ExceptionGroup("", [NO])]), LATE])
    assert list(leaves(group)) == [BROKEN, BUG, NO, LATE]
    assert list(leaves(BUG)) == [BUG]


@pytest.mark.parametrize(
    ("errors", "first"),
    [
        ([BROKEN, NO, BUG, DARK], DARK),
        ([BROKEN, NO, BUG], BUG),
        ([BROKEN, NO], NO),
        ([BROKEN, LATE], BROKEN),
        ([LATE, BROKEN], LATE),
    ],
)
def test_darkness_outranks_a_bug_a_refusal_and_the_rest(errors: list[Exception], first: Exception) -> None:
    assert gravest(ExceptionGroup("", errors)) is first


def test_one_error_comes_out_instead_of_a_group() -> None:
    with pytest.raises(Unrestored) as caught, ungrouped():
        raise ExceptionGroup("", [BROKEN, ExceptionGroup("", [DARK])])
    assert isinstance(caught.value.__cause__, ExceptionGroup)


def test_what_is_no_group_comes_out_as_it_is() -> None:
    with pytest.raises(DeviceError), ungrouped():
        raise BROKEN
    with ungrouped():
        pass
