"""
What went wrong in a task group, as the one error that matters.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import CrashbenchError, Refused, Unrestored


def leaves(error: BaseException) -> Iterator[BaseException]:
    """
    The errors inside nested groups, in order.
    """
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from leaves(inner)
    else:
        yield error


def gravest(error: BaseException) -> BaseException:
    """
    A DUT left in the dark first, then anything unexpected, then a refusal, then the first of the rest.
    """
    return min(leaves(error), key=_rank)


def _rank(error: BaseException) -> int:
    if isinstance(error, Unrestored):
        return 0
    if not isinstance(error, CrashbenchError):
        return 1
    return 2 if isinstance(error, Refused) else 3


@contextmanager
def ungrouped() -> Iterator[None]:
    """
    Lets one error out of the block instead of a group of them.
    """
    try:
        yield
    except BaseExceptionGroup as group:
        raise gravest(group) from group
