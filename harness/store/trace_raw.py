"""
Samples in columns, as they wait for the disk and as they are written there.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence

from ..model.trace import Sample

# Every column of a `Sample` with its array's type code.
COLUMNS = {
    "seq": "q",
    "earliest_ns": "q",
    "latest_ns": "q",
    "bus": "i",
    "current": "i",
    "code": "b",
    "missed": "i",
}


class Raw:
    """
    Samples of one meter and one scale, in 37 bytes each, where a `Sample` with its numbers takes some 270: a sampler
    that makes thousands a second, and keeps none of them, stays in the processor's cache.

    Raises OverflowError for a number that fits no column.
    """

    __slots__ = ("columns",)

    def __init__(self, samples: Sequence[Sample] = ()) -> None:
        by_column = zip(*samples, strict=True) if samples else ((),) * len(COLUMNS)
        self.columns = [array(code, column) for code, column in zip(COLUMNS.values(), by_column, strict=True)]

    def __len__(self) -> int:
        return len(self.columns[0])

    def __iter__(self) -> Iterator[Sample]:
        return map(Sample._make, zip(*self.columns, strict=True))

    @classmethod
    def joined(cls, pieces: Iterable[Raw]) -> Raw:
        """
        All of these, one after the other.
        """
        whole = cls()
        for piece in pieces:
            for column, further in zip(whole.columns, piece.columns, strict=True):
                column.extend(further)
        return whole
