"""
The rows of one meter's trace: its conversions, numbered, and what is missing between them.
"""

from __future__ import annotations

from ..model.trace import Code, Sample

# While a chip fails, this much of the trace (nanoseconds) becomes one row.
_ROW_NS = 100_000_000


class Rows:
    """
    Numbers conversions, those that were missed as well, and tells each stretch without any as a row of its own.

    A conversion's averaging lies inside its sample's interval, and begins where the one before it ended. So whatever
    lies between the intervals of two samples was averaged by conversions that nobody read: at least as many as fit
    into it at the chip's slowest.

    Rows come in order of time, by their beginnings and by their ends: a failing chip's are written as far back as no
    conversion can begin that is yet to be read.
    """

    def __init__(self, period_ns: int, began_ns: int) -> None:
        self.missed = 0
        """How many conversions there should have been that were not read."""
        self._period_ns = period_ns
        self._seq = 0
        self._end_ns = began_ns
        self._hole_ns, self._told = began_ns, 0
        self._why: Code | None = None

    def conversion(self, sample: Sample) -> list[Sample]:
        """
        What was missing before a conversion, and the conversion with its number.
        """
        rows = []
        if sample.earliest_ns > self._end_ns or self._why is not None:
            rows.append(self._missing(sample.earliest_ns))
            self._why = None
        self._seq += 1
        self._end_ns = self._hole_ns = sample.latest_ns
        self._told = 0
        rows.append(sample if sample.seq == self._seq else sample._replace(seq=self._seq))
        return rows

    def trouble(self, why: Code, now_ns: int) -> list[Sample]:
        """
        What to write down, now and then, while the chip fails.
        """
        settled_ns = now_ns - 2 * self._period_ns
        is_another = self._why is not None and self._why is not why and settled_ns > self._end_ns
        rows = [self._missing(settled_ns)] if is_another or settled_ns - self._end_ns >= _ROW_NS else []
        self._why = why
        return rows

    def close(self, now_ns: int) -> list[Sample]:
        """
        What was missing when the sampling ended.
        """
        settled_ns = now_ns - 2 * self._period_ns
        return [self._missing(settled_ns)] if settled_ns > self._end_ns else []

    def _missing(self, until_ns: int) -> Sample:
        due = max(0, -((self._hole_ns - until_ns) // self._period_ns))
        missed = max(0, due - self._told)
        begin_ns, end_ns = sorted((self._end_ns, until_ns))
        row = Sample(self._seq + 1, begin_ns, end_ns, 0, 0, Code.GAP if self._why is None else self._why, missed)
        self._seq += missed
        self._told += missed
        self.missed += missed
        self._end_ns = end_ns
        return row
