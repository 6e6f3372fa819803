"""
What a run rests on: everything that was written down while it happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .event import Event
from .trace import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """
    The events of a run's record, in order, and the power traces beside it, by meter.
    """

    events: tuple[Event, ...] = ()
    traces: Mapping[str, Trace] = field(default_factory=dict)
