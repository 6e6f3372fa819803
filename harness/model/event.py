"""
What happened, to what, at which instant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from .instant import Instant

JSON: TypeAlias = "bool | int | float | str | list[JSON] | Mapping[str, JSON] | None"


class Kind(StrEnum):
    """
    The kinds of event in a run's record, and in a game day's.
    """

    RUN_STARTED = "run_started"
    TRIAL_STARTED = "trial_started"
    IDENTIFIED = "identified"
    PHASE = "phase"
    PROBE = "probe"
    FAULT_COMMANDED = "fault_commanded"
    FAULT_EFFECTIVE = "fault_effective"
    STEADY_LOST = "steady_lost"
    DETECTED = "detected"
    FAILED_OVER = "failed_over"
    REMOVAL_COMMANDED = "removal_commanded"
    REMOVAL_EFFECTIVE = "removal_effective"
    FIRST_SIGN = "first_sign"
    READY = "ready"
    TRIAL_ENDED = "trial_ended"
    DEVIATION = "deviation"
    BENCH_TROUBLE = "bench_trouble"
    CLOCK_STEPPED = "clock_stepped"
    SAMPLED = "sampled"
    ARTIFACT = "artifact"
    # A line that a DUT said on a console, at the instant of its end: `subject` is DUT.ROLE, `data.text` the line.
    CONSOLE = "console"
    RUN_ENDED = "run_ended"
    # The record of a game day, which is a folder of its own:
    GAMEDAY_STARTED = "gameday_started"
    ITEM_CHECKED = "item_checked"
    SCENARIO_STARTED = "scenario_started"
    SCENARIO_ENDED = "scenario_ended"
    MADE_SAFE = "made_safe"
    GAMEDAY_ENDED = "gameday_ended"
    # Shown while it happens, never written to the record:
    READING = "reading"
    FINDING = "finding"


EPHEMERAL = frozenset({Kind.READING, Kind.FINDING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """
    One thing that happened: its kind, its instant on the bench clock, its trial (None: the run's), what it is about.
    """

    kind: Kind
    at: Instant
    trial: int | None = None
    subject: str = ""
    data: Mapping[str, JSON] = field(default_factory=dict)
