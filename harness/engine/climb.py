"""
A drill's ladder as a rig can climb it: which rows are done, which are not and why, and what each has delivered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from ..model.deviation import Deviation
from ..model.drill import DrillSpec, FaultSpec, Row
from ..model.trial import Trial
from .bench import Bench
from .delivery import delivered
from .guard import Guard

# A row of the sheet: the place that it takes in it, and what it says.
Placed = tuple[int, Deviation]


class Climb:
    """
    The trials of a drill in their order; without a ladder they are all the same.
    """

    def __init__(self, drill: DrillSpec, bench: Bench, guard: Guard, seed: int) -> None:
        self._drill, self._bench, self._seed = drill, bench, seed
        rows = drill.ladder.rows if drill.ladder else ()
        self.refused = {row.number: why for row in rows if (why := guard.why_not(drill.of(row), bench))}
        """The rows, by number, that this rig cannot do, and why."""
        done = (row for row in rows if row.number not in self.refused)
        self.rows: list[Row | None] = [row for row in done for _ in range(row.repeats)] or [None]
        """The row of each trial of one pass; a pass is done as often as the drill says."""
        self._climbed: set[int] = set()

    def drill_of(self, index: int) -> DrillSpec:
        """
        The drill as the trial of that number has it, with what is random in it drawn from the run's seed.
        """
        row = self.row_of(index)
        drill = self._drill if row is None else self._drill.of(row)
        faults = tuple(self._seeded(fault, index, place) for place, fault in enumerate(drill.faults))
        return replace(drill, faults=faults)

    def row_of(self, index: int) -> Row | None:
        """
        The row that the trial of that number is of.
        """
        return self.rows[index % len(self.rows)]

    def beforehand(self) -> Iterator[Placed]:
        """
        What is known of the sheet before the first trial: the whole, and the rows that will not be done.
        """
        ladder = self._drill.ladder
        if ladder is None:
            return
        count = len(ladder.rows) - len(self.refused)
        told = f"{count} of {len(ladder.rows)} rows"
        others = sum(bool(row.instead_of) for row in ladder.rows if row.number not in self.refused)
        told += f", {others} of them instead of what it asks for" if others else ""
        why = f"only shaped after it; source: {ladder.source}"
        yield 0, Deviation(row="all", asked=ladder.shaped_after, delivered=told, why=why)
        for deviation in ladder.differs:
            yield 0, deviation
        for row in ladder.rows:
            if row.number in self.refused:
                yield row.number, _sheet_row(row, str(row.number), self.refused[row.number])

    def of(self, trial: Trial, told: str) -> Iterator[Placed]:
        """
        What a trial adds to the sheet; `told` is what its faults say themselves of what they delivered.
        """
        row = self.row_of(trial.index)
        if row is not None:
            self._climbed.add(row.number)
            asked = Deviation(row=f"{row.number}, trial {trial.index}", asked=row.asked)
            done = delivered(asked, trial, told, self.drill_of(trial.index), self._bench)
            yield row.number, _sheet_row(row, done.row, done.why, done)

    def afterwards(self) -> Iterator[Placed]:
        """
        The rows that should have been done, and were not.
        """
        for row in self._drill.ladder.rows if self._drill.ladder else ():
            if row.number not in self._climbed | self.refused.keys():
                yield row.number, _sheet_row(row, str(row.number), "the run had ended before it")

    @property
    def left_out(self) -> str:
        """
        How many of its rows were not done, in a clause; empty when all were.
        """
        ladder = self._drill.ladder
        missing = 0 if ladder is None else len(ladder.rows) - len(self._climbed)
        return f"; {missing} of {len(ladder.rows)} rows not done" if ladder and missing else ""

    def _seeded(self, fault: FaultSpec, trial: int, place: int) -> FaultSpec:
        return replace(fault, seed=Random(f"{self._seed} {trial} {place}").getrandbits(32))


def _sheet_row(row: Row, name: str, why: str, done: Deviation | None = None) -> Deviation:
    """
    A row of the sheet; what is done instead of something else is told beside that, with its own reason first.
    """
    told = done or Deviation(row=name, asked=row.asked)
    if not row.instead_of:
        return replace(told, why=why)
    delivered = f"{row.asked}: {told.delivered}" if told.delivered else ""
    reasons = "; ".join(filter(None, (row.because, why)))
    return replace(told, asked=f"instead of {row.instead_of}", delivered=delivered, why=reasons)
