"""
A drill: what is done to which role, how the DUT is watched, and when it has held.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from .criterion import Criterion


class Severity(StrEnum):
    """
    How bad it would be if this happened by itself.
    """

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSpec:
    """
    A question asked every `period_s`, with a mandatory time-out; `config` is its kind's own Config.
    """

    name: str
    kind: str
    role: str
    period_s: float
    timeout_s: float
    config: object


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSpec:
    """
    When the outage counts as detected: `probe` gave `failures` bad answers in a row.
    """

    probe: ProbeSpec
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSpec:
    """
    A fault at `at_s` after the steady state was met, lasting `for_s` (None: as long as its own pattern takes).
    """

    kind: str
    role: str
    at_s: float
    for_s: float | None
    config: object


@dataclass(frozen=True, slots=True, kw_only=True)
class BlastRadius:
    """
    What a drill may touch: roles, how many DUTs, in which environments (none named: any but production).
    """

    roles: tuple[str, ...] = ()
    duts: int = 1
    environments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """
    How often a drill is repeated, and how long the DUT rests between two trials.
    """

    count: int = 1
    cool_down_s: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillSpec:
    """
    A whole drill file, checked. `digest` identifies its content, whatever its name.
    """

    name: str
    path: Path
    digest: str
    title: str
    hypothesis: str
    severity: Severity
    chaos_type: str
    component: str
    blast_radius: BlastRadius
    steady_state: tuple[ProbeSpec, ...]
    faults: tuple[FaultSpec, ...]
    detected: AlertSpec | None
    ready: tuple[str, ...]
    hold_s: float
    settle_s: float
    watch_s: float
    expects_loss: bool
    criteria: tuple[Criterion, ...]
    trials: Trials = field(default_factory=Trials)
    overrides: tuple[str, ...] = ()
