"""
What a benchmark says: rows of figures, each beside the figure that it is held against.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    One figure. Its `ratio` to a peer that was measured in the same run is what counts: seconds are the machine's.

    `met` is None for a figure that has no target.
    """

    name: str
    value: float
    unit: str
    ratio: float | None = None
    target: str = ""
    met: bool | None = None


def at_least(least: float, row: Row) -> Row:
    """
    A row whose ratio should be high.
    """
    return replace(row, target=f"≥ {least:.3g}", met=row.ratio is not None and row.ratio >= least)


def at_most(most: float, row: Row) -> Row:
    """
    A row whose ratio should be low.
    """
    return replace(row, target=f"≤ {most:g}", met=row.ratio is not None and row.ratio <= most)


def within(most: float, row: Row) -> Row:
    """
    A row whose value itself was promised to be low.
    """
    return replace(row, target=f"≤ {most:g} {row.unit}", met=row.value <= most)


def side_by_side(rounds: int, what: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """
    Takes each measure once a round, so that whatever else the machine does falls on all of them alike.
    """
    taken: dict[str, list[float]] = {name: [] for name in what}
    for _ in range(rounds):
        for name, measure in what.items():
            taken[name].append(measure())
    return taken


def median_ratio(ours: list[float], theirs: list[float]) -> float:
    """
    The median over the rounds of one measure over another.
    """
    return statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))
