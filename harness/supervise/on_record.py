"""
What is done when a run has ended: its reports are written, and the index learns of it.
"""

from __future__ import annotations

from .. import reports
from ..errors import RecordError
from ..model.run import Run
from ..store.home import home
from ..store.index import Index
from ..store.record import folder, load

FILES = {"md": "report.md", "junit": "junit.xml", "json": "run.json"}


def put_on_record(run_id: str) -> Run:
    """
    The run as its record has it, indexed, with its reports beside it. Raises UsageError, RecordError.
    """
    run = load(run_id)
    with Index.open(home()) as index:
        index.add(run)
    at = folder(run_id)
    for format_name, name in FILES.items():
        try:
            (at / name).write_text(reports.load(format_name).render(run), encoding="utf-8")
        except OSError as error:
            raise RecordError(f"{at / name}: cannot be written: {error.strerror}") from error
    return run
