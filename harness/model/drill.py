"""
A drill: what is done to which role, how the DUT is watched, and when it has held.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from .criterion import Criterion
from .deviation import Deviation


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
    When the outage counts as detected: `probe` gave `failures` bad answers in a row, or announced it.
    """

    probe: ProbeSpec
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSpec:
    """
    A fault at `at_s` after the steady state was met, lasting `for_s` (None: as long as its own pattern takes).

    `seed` is what is random in it; a run draws one for each trial from its own.
    """

    kind: str
    role: str
    at_s: float
    for_s: float | None
    config: object
    seed: int = 0


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
class Row:
    """
    A row of a ladder: its number from 1 up, what it asks for in words, the drill's faults with that, and how often it
    is done in a row. One that is not what the ladder is shaped after says what it is done `instead_of`, and `because`
    of what.
    """

    number: int
    asked: str
    faults: tuple[FaultSpec, ...]
    repeats: int = 1
    instead_of: str = ""
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """
    Rows that a drill goes through, trial by trial. `shaped_after` names what they are taken from, `source` where that
    was read; `differs` says what is not as it is there, whatever the row.
    """

    shaped_after: str
    source: str
    rows: tuple[Row, ...]
    differs: tuple[Deviation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillSpec:
    """
    A whole drill file, checked. `digest` identifies its content, whatever its name.

    `failed_over` is well once the service runs by the other path. With a `ladder`, `faults` are those of its first row.
    `expects_loss` None: the steady state may be lost or not.
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
    failed_over: ProbeSpec | None = None
    ready: tuple[str, ...]
    hold_s: float
    settle_s: float
    watch_s: float
    expects_loss: bool | None
    criteria: tuple[Criterion, ...]
    trials: Trials = field(default_factory=Trials)
    overrides: tuple[str, ...] = ()
    ladder: Ladder | None = None

    def of(self, row: Row) -> DrillSpec:
        """
        The drill as one row of its ladder has it, without the ladder.
        """
        return replace(self, faults=row.faults, ladder=None)

    def forms(self) -> Iterator[DrillSpec]:
        """
        Every form that it takes: itself, or one for each row of its ladder.
        """
        if self.ladder is None:
            yield self
        else:
            yield from (self.of(row) for row in self.ladder.rows)
