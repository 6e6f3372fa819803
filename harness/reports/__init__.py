"""
Reports: a run as a person, a CI or a script reads it. Each is a function of the run and its evidence, and of nothing
else.
"""

from __future__ import annotations

from typing import Protocol

from .. import plugins
from ..errors import UsageError, nearest
from ..model.evidence import Evidence
from ..model.run import Run


class Report(Protocol):
    """
    A kind of report. `format` is its name on the command line, `suffix` the ending of its files.
    """

    format: str
    suffix: str

    @staticmethod
    def render(run: Run, evidence: Evidence) -> str:
        """
        The report of a run, the same text for the same run and evidence.
        """


def load(format_name: str) -> Report:
    """
    The kind of report with that `format`. Raises UsageError for one that there is not.
    """
    kinds: list[Report] = [plugins.load("reports", kind) for kind in plugins.kinds("reports")]
    known = {kind.format: kind for kind in kinds}
    if format_name not in known:
        raise UsageError(f"no format '{format_name}'; {nearest(format_name, known)}", key="format")
    return known[format_name]
