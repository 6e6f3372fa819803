"""
The record of a run that was accepted and never began: what was asked for, and why nothing came of it.
"""

from __future__ import annotations

from .. import clock
from ..config.drill import load_drill
from ..model.codec import end_to_json, run_head_to_json
from ..model.event import Event, Kind
from ..model.instant import Instant
from ..model.rig import RigSpec
from ..model.verdict import Verdict
from ..store.events import EventLog
from ..store.home import runs_dir
from .head import run_head
from .request import RunRequest


def record_unbegun(request: RunRequest, rig: RigSpec, reason: str) -> str:
    """
    Writes a record that starts and ends at once, inconclusive for `reason`; returns the run's id.

    Raises UsageError when the drill is no longer what it was, RecordError.
    """
    head = run_head(request, load_drill(request.drill, request.drill_overrides), rig, wiring="")
    at = Instant.exactly(0 if rig.is_virtual else clock.now_ns())
    with EventLog(runs_dir() / head.run_id, virtual=rig.is_virtual) as record:
        record(Event(kind=Kind.RUN_STARTED, at=at, data=run_head_to_json(head)))
        record(Event(kind=Kind.RUN_ENDED, at=at, data=end_to_json(Verdict.INCONCLUSIVE, reason, (), ())))
    return head.run_id
