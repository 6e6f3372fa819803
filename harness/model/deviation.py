"""
What was asked of the bench, and what it delivered.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """
    One row of a deviation sheet: a row of a preset as it is asked for, what was delivered with its error (empty: it was
    not run), what measured that, and why the two differ (empty: they do not).
    """

    row: str
    asked: str
    delivered: str = ""
    measured_by: str = ""
    why: str = ""
