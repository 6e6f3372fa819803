"""
A run as it is recorded: one drill on one rig, with its trials and its verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from .criterion import Judged
from .deviation import Deviation
from .trial import Trial
from .verdict import Verdict

SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Dut:
    """
    Who the DUT said it was; None is what it did not say.
    """

    name: str | None = None
    version: str | None = None

    def __str__(self) -> str:
        return f"{self.name or 'nameless'} {self.version or 'without a version'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RailLevels:
    """
    A DUT's rail as its rig has it: nominal voltage, and the brown-out level below which the DUT is not fed (volts).
    """

    nominal_v: float
    brown_out_v: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHead:
    """
    What is known of a run when it starts. `started_at` is ISO 8601, UTC, from the run's one wall anchor.

    `world` says what was real: a real rig, the `lab` (a real program, played hardware), or `sim` (a model). `rails` are
    the rails that the rig feeds, by the rig's name for the DUT.
    """

    run_id: str
    drill: str
    drill_title: str
    hypothesis: str
    severity: str
    chaos_type: str
    component: str
    rig: str
    seed: int
    environment: str
    started_at: str
    versions: Mapping[str, str | None]
    dut: Dut
    repeat_command: str
    wiring: str = ""
    world: Literal["real", "lab", "sim"] = "real"
    rails: Mapping[str, RailLevels] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """
    A run with everything that came of it; without an end it was interrupted, and so is inconclusive.
    """

    head: RunHead
    trials: tuple[Trial, ...] = ()
    criteria: tuple[Judged, ...] = ()
    verdict: Verdict = Verdict.INCONCLUSIVE
    reason: str = "the record has no end: the bench was killed"
    notes: tuple[str, ...] = ()
    duration_s: float | None = None
    ended: bool = field(default=False)
    deviations: tuple[Deviation, ...] = ()
