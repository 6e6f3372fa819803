"""
What an audit of the bench itself found.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum

from .event import JSON


class Grade(StrEnum):
    """
    How the bench stands in one respect.
    """

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    One row of an audit: the check, what it is about (a device, a DUT or `bench`), what was measured, with its error,
    and what to do about it, if anything.
    """

    check: str
    subject: str
    measured: str
    grade: Grade
    advice: str = ""

    def to_json(self) -> dict[str, JSON]:
        """
        The row as JSON.
        """
        return {**asdict(self), "grade": self.grade.value}

    @classmethod
    def from_json(cls, data: object) -> Finding:
        """
        What `to_json` gave. Raises TypeError or ValueError for anything else.
        """
        if not isinstance(data, dict):
            raise TypeError("a finding is a table")
        return cls(**{**data, "grade": Grade(data["grade"])})
