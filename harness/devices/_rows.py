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

    A chip completes a conversion each period at its slowest, or sooner. So between two that were read there are at
    least as many as fit in between, however many were read there: what is missing from them was missed. Where that is
    a stretch between the intervals of two samples, it is a gap with a row of its own; else the sample after it says so.

    Rows come in order of time, by their beginnings and by their ends: a failing chip's are written as far back as no
    conversion can begin that is yet to be read.
    """

    def __init__(self, period_ns: int, began_ns: int) -> None:
        self.missed = 0
        """How many conversions there should have been that were not read."""
        self.seq = 0
        """The number of the last conversion that was read or missed."""
        self._period_ns = period_ns
        self._end_ns = began_ns
        # By then that one was completed at the latest: it was read, or those before were and no chip is slower.
        self._by_ns = began_ns
        self._why: Code | None = None

    def conversion(self, sample: Sample) -> list[Sample]:
        """
        What was missing before a conversion, and the conversion with its number.
        """
        number, earliest_ns, latest_ns, _, _, _, missed = sample
        rows = []
        if earliest_ns > self._end_ns or self._why is not None:
            rows.append(self._missing(earliest_ns))
            self._why = None
        if earliest_ns > self._by_ns:
            missed += self._due(earliest_ns)
        if missed or number != self.seq + 1:
            number = self.seq + 1 + missed
            self.missed += missed
            sample = sample._replace(seq=number, missed=missed)
        by_ns = self._by_ns + (number - self.seq) * self._period_ns
        self._by_ns = by_ns if by_ns < latest_ns else latest_ns
        self._end_ns = latest_ns
        self.seq = number
        rows.append(sample)
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

    def _due(self, until_ns: int) -> int:
        """
        How many more there are at least between the last one and one that begins at `until_ns`.
        """
        return max(0, -((self._by_ns - until_ns) // self._period_ns))

    def _missing(self, until_ns: int) -> Sample:
        missed = self._due(until_ns)
        begin_ns, end_ns = sorted((self._end_ns, until_ns))
        why = Code.GAP if self._why is None else self._why
        row = Sample(self.seq + 1, begin_ns, end_ns, 0, 0, why, missed)
        self.seq += missed
        self.missed += missed
        self._by_ns += missed * self._period_ns
        self._end_ns = end_ns
        return row
