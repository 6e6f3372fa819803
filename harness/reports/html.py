"""
The report that a customer is shown.
"""

from __future__ import annotations

from ..errors import UsageError
from ..model.evidence import NO_EVIDENCE, Evidence
from ..model.run import Run


class Html:
    """
    A run as one self-contained page with its figures: the verdict first, then what it rests on and what it cannot say.
    """

    format = "html"
    suffix = ".html"

    @staticmethod
    def render(run: Run, evidence: Evidence = NO_EVIDENCE) -> str:
        """
        The page about a run. Raises UsageError where plotly is not installed.
        """
        try:
            from ._html_page import page
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "plotly":
                raise
            needed = "html needs plotly; install it with `pip install 'crashbench[report]'`"
            raise UsageError(needed, key="format") from error
        return page(run, evidence)
