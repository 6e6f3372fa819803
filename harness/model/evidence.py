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

    `lost` says in sentences what should be there and cannot be read.
    """

    events: tuple[Event, ...] = ()
    traces: Mapping[str, Trace] = field(default_factory=dict)
    lost: tuple[str, ...] = ()


NO_EVIDENCE = Evidence()
