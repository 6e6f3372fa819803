"""
All that was written down of a run, for the reports that show more than its numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..errors import CrashbenchError
from ..model.evidence import Evidence
from ..model.trace import Trace
from .events import read


def load_evidence(folder: Path) -> Evidence:
    """
    The events of the record in `folder`, and the traces beside it. Raises RecordError for a broken record.

    A trace that cannot be read is told in `lost`: what the record proves, it proves without one.
    """
    events = tuple(read(folder))
    try:
        return Evidence(events=events, traces=_traces(folder))
    except (CrashbenchError, OSError) as error:
        return Evidence(events=events, lost=(f"the power trace cannot be read: {error}",))


def _traces(folder: Path) -> Mapping[str, Trace]:
    # Arrow is a library of its own: whoever reads a record without a trace does not wait for it.
    from .trace_file import open_traces

    return open_traces(folder)
