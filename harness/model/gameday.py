"""
A game day: drills in a row with people watching, what has to be seen to beforehand, and what is on record of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from .drill import ProbeSpec, Severity
from .finding import Finding
from .instant import Instant
from .verdict import Verdict


class Item(StrEnum):
    """
    What has to be seen to before a game day, in its order.
    """

    ANNOUNCE = "announce"
    MONITORING = "monitoring"
    ROLLBACK = "rollback"
    ON_CALL = "on_call"
    WAR_ROOM = "war_room"
    BASELINE = "baseline"


WORDS: Mapping[Item, str] = {
    Item.ANNOUNCE: "Announce the game day's window to all stakeholders",
    Item.MONITORING: "Ensure that all monitoring and alerting is operational",
    Item.ROLLBACK: "Prepare the rollback, and try it",
    Item.ON_CALL: "Brief the on-call engineers",
    Item.WAR_ROOM: "Set up the war room",
    Item.BASELINE: "Record the baseline",
}

# What the bench can show by itself; of the rest only a person knows.
PROVABLE = frozenset({Item.MONITORING, Item.ROLLBACK, Item.BASELINE})


class By(StrEnum):
    """
    Who sees to an item.
    """

    PERSON = "person"
    PROOF = "proof"


class Standing(StrEnum):
    """
    How an item of a checklist stands.
    """

    TICKED = "ticked by a person"
    FLAGGED = "ticked by flag"
    PROVEN = "proven"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSpec:
    """
    An item of the checklist: what it means here, and who sees to it. `for_s` is how long a baseline is measured,
    `within_s` how long an alert's source may take to answer; `probe` asks a monitoring that speaks by itself, whose
    silence says nothing, how it is.
    """

    item: Item
    what: str
    by: By = By.PERSON
    for_s: float = 10.0
    within_s: float = 10.0
    probe: ProbeSpec | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DefectSpec:
    """
    A defect planted in the DUT that the scenario is known to show; `deviates` is the criterion's name that shows it,
    empty where the DUT is lost for good. `units` are the played world's units that have it.
    """

    name: str
    deviates: str = ""
    units: tuple[str, ...] = ("edge",)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioSpec:
    """
    One drill of a game day: `procedure` in words for those who watch. `drill` and `rig` are names or paths; `rig` None
    is the game day's. `overrides` are the drill's `--set`.
    """

    name: str
    hypothesis: str
    procedure: tuple[str, ...]
    drill: str
    rig: str | None = None
    overrides: tuple[str, ...] = ()
    defects: tuple[DefectSpec, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GameDaySpec:
    """
    A whole game-day file, checked. `digest` identifies its content; `rig` None: whoever runs it says where.
    """

    name: str
    path: Path
    digest: str
    title: str
    severity: Severity
    rig: str | None
    checklist: tuple[CheckSpec, ...]
    scenarios: tuple[ScenarioSpec, ...]

    def check(self, item: Item) -> CheckSpec:
        """
        The checklist's entry for an item.
        """
        return next(check for check in self.checklist if check.item is item)


# --- on record --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class GameDayHead:
    """
    What is known of a game day when it starts. `started_at` is ISO 8601, UTC, from its one wall anchor; `scenarios` are
    the names of those that shall be run, in order.
    """

    gameday_id: str
    name: str
    title: str
    severity: str
    seed: int
    started_at: str
    scenarios: tuple[str, ...]
    repeat_command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """
    How an item stood: who saw to it, when, and what was found.
    """

    item: Item
    what: str
    standing: Standing
    who: str
    at: Instant
    told: str = ""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioHeld:
    """
    A scenario that was begun: `run_id` is its run's, None when there is no record of one; `verdict` None while it is
    not known to have ended. `problem` is what the bench could not do.
    """

    name: str
    hypothesis: str
    procedure: tuple[str, ...]
    drill: str
    rig: str
    started: Instant
    run_id: str | None = None
    verdict: Verdict | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GameDay:
    """
    A game day with everything that came of it; without an end it was interrupted, and so is inconclusive.

    `safe` says of each rig, in order, what was measured when it was made safe.
    """

    head: GameDayHead
    checks: tuple[Checked, ...] = ()
    scenarios: tuple[ScenarioHeld, ...] = ()
    safe: tuple[str, ...] = ()
    verdict: Verdict = Verdict.INCONCLUSIVE
    reason: str = "the record has no end: whoever ran it was killed"
    exit_code: int | None = None
    duration_s: float | None = None
    started: Instant = field(default_factory=lambda: Instant.exactly(0))

    @property
    def not_run(self) -> tuple[str, ...]:
        """
        The scenarios that were not begun.
        """
        begun = {scenario.name for scenario in self.scenarios}
        return tuple(name for name in self.head.scenarios if name not in begun)
