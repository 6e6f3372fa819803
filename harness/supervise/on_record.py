"""
What is done when a run has ended: its traces are closed, its reports are written, and the index learns of it.
"""

from __future__ import annotations

import logging
from importlib.util import find_spec

from .. import reports
from ..errors import RecordError
from ..model.evidence import NO_EVIDENCE
from ..model.run import Run
from ..store.evidence import load_evidence
from ..store.home import home, runs_dir
from ..store.index import Index
from ..store.record import folder, load, load_folder
from ..store.trace_file import close_traces, left_open

FILES = {"md": "report.md", "junit": "junit.xml", "json": "run.json"}
PAGE = "chaos-report.html"

_log = logging.getLogger("crashbench")


def put_on_record(run_id: str) -> Run:
    """
    The run as its record has it, indexed, with its reports beside it. Raises UsageError, RecordError.
    """
    run = load(run_id)
    with Index.open(home()) as index:
        index.add(run)
    at = folder(run_id)
    for problem in close_traces(at, run):
        _log.warning("%s", problem)
    files = _files(run)
    evidence = load_evidence(at) if "html" in files else NO_EVIDENCE
    for format_name, name in files.items():
        text = reports.load(format_name).render(run, evidence)
        try:
            (at / name).write_text(text, encoding="utf-8")
        except OSError as error:
            raise RecordError(f"{at / name}: cannot be written: {error.strerror}") from error
    if has_page(run):
        close_what_was_left()
    return run


def close_what_was_left() -> None:
    """
    Closes the traces of runs whose supervisor was killed before it could. Those of a run that goes on are left alone.
    """
    for at in left_open(runs_dir()):
        try:
            problems = close_traces(at, load_folder(at))
        except (RecordError, OSError) as error:
            problems = [str(error)]
        for problem in problems:
            _log.warning("%s: %s", at.name, problem)


def has_page(run: Run) -> bool:
    """
    Whether a run gets its page when it ends. It weighs five megabytes, so that thousands of runs a minute in virtual
    time get one only when somebody asks for it.
    """
    return run.head.world != "sim"


def _files(run: Run) -> dict[str, str]:
    can_draw = find_spec("plotly") is not None
    return {**FILES, "html": PAGE} if has_page(run) and can_draw else FILES
