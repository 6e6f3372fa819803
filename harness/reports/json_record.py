"""
The report that a script reads.
"""

from __future__ import annotations

from ..model.codec import dumps
from ..model.evidence import NO_EVIDENCE, Evidence
from ..model.run import Run


class JsonRecord:
    """
    A run as the JSON that others rely on.
    """

    format = "json"
    suffix = ".json"

    @staticmethod
    def render(run: Run, evidence: Evidence = NO_EVIDENCE) -> str:
        """
        The JSON of a run.
        """
        return dumps(run)
