"""
A game-day file to a `GameDaySpec`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import UsageError, nearest
from ..model.drill import DrillSpec, ProbeSpec, Severity
from ..model.gameday import PROVABLE, WORDS, By, CheckSpec, DefectSpec, GameDaySpec, Item, ScenarioSpec
from .build import build
from .drill import load_drill, probe_of
from .rig import load_rig
from .source import Source, read

WHAT = "game day"

# The keys that only one item takes.
_OWN_KEYS = {"for": Item.BASELINE, "within": Item.MONITORING, "probe": Item.MONITORING}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Check:
    what: str = ""
    by: By = By.PERSON
    for_s: float = 10.0
    within_s: float = 10.0
    probe: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scenario:
    name: str = ""
    hypothesis: str = ""
    procedure: tuple[str, ...]
    drill: str
    rig: str = ""
    set: tuple[str, ...] = ()
    defect: tuple[DefectSpec, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    title: str
    severity: Severity = Severity.P2
    rig: str = ""
    checklist: Mapping[str, Any] = field(default_factory=dict)
    scenario: tuple[_Scenario, ...] = ()


def load_gameday(name: str) -> GameDaySpec:
    """
    The game day of that name or path, with its drills and rigs looked at. Raises UsageError.
    """
    source = read(WHAT, name)
    try:
        return _gameday(source)
    except UsageError as error:
        raise error.within(file=str(source.path)) from error


def _gameday(source: Source) -> GameDaySpec:
    file = build(_File, source.table)
    if not file.scenario:
        raise UsageError("missing; a game day needs at least one [[scenario]]", key="scenario")
    rig = _rig(source.path, file.rig, "rig")
    scenarios: list[ScenarioSpec] = []
    for index, given in enumerate(file.scenario):
        try:
            scenarios.append(_scenario(source.path, given))
        except UsageError as error:
            if error.file:  # its drill's or rig's own, which is at fault
                raise
            raise error.within(key=f"scenario.{index}") from error
        if scenarios[-1].name in {known.name for known in scenarios[:-1]}:
            problem = f"there is a scenario '{scenarios[-1].name}' already; give one of them another"
            raise UsageError(problem, key=f"scenario.{index}.name")
    return GameDaySpec(
        name=source.name,
        path=source.path,
        digest=source.digest,
        title=file.title,
        severity=file.severity,
        rig=rig,
        checklist=_checklist(file.checklist),
        scenarios=tuple(scenarios),
    )


# --- the checklist ----------------------------------------------------------------------------------------------------


def _checklist(given: Mapping[str, Any]) -> tuple[CheckSpec, ...]:
    for name in given:
        if name not in list(Item):
            raise UsageError(f"unknown item; {nearest(name, list(Item))}", key=f"checklist.{name}")
    for item in Item:
        if item not in given:
            raise UsageError(f"missing; add [checklist.{item}]: {WORDS[item]}", key=f"checklist.{item}")
    return tuple(_check(item, given[item]) for item in Item)


def _check(item: Item, table: object) -> CheckSpec:
    key = f"checklist.{item}"
    try:
        given = build(_Check, table)
    except UsageError as error:
        raise error.within(key=key) from error
    if given.by is By.PROOF and item not in PROVABLE:
        problem = f"nothing can prove that: only a person knows; a proof is there for {', '.join(sorted(PROVABLE))}"
        raise UsageError(problem, key=f"{key}.by")
    assert isinstance(table, Mapping)
    for name, owner in _OWN_KEYS.items():
        if name not in table:
            continue
        if owner is not item or given.by is not By.PROOF:
            raise UsageError(f'it belongs in [checklist.{owner}] with `by = "proof"`', key=f"{key}.{name}")
        if getattr(given, f"{name}_s", 1) <= 0:
            raise UsageError("must be more than 0", key=f"{key}.{name}")
    what = given.what or WORDS[item]
    probe = None if given.probe is None else _probe(given.probe, f"{key}.probe")
    return CheckSpec(item=item, what=what, by=given.by, for_s=given.for_s, within_s=given.within_s, probe=probe)


def _probe(table: Mapping[str, Any], key: str) -> ProbeSpec:
    try:
        return probe_of(table)
    except UsageError as error:
        raise error.within(key=key) from error


# --- the scenarios ----------------------------------------------------------------------------------------------------


def _scenario(path: Path, given: _Scenario) -> ScenarioSpec:
    if not given.procedure or not all(step.strip() for step in given.procedure):
        raise UsageError("must not be empty; say in words what is done, step by step", key="procedure")
    source = _beside(path, given.drill, "drill")
    drill = load_drill(source, given.set)
    for index, defect in enumerate(given.defect):
        _check_defect(defect, drill, f"defect.{index}.deviates")
    return ScenarioSpec(
        name=given.name or drill.name,
        hypothesis=given.hypothesis or drill.hypothesis,
        procedure=given.procedure,
        drill=source,
        rig=_rig(path, given.rig, "rig"),
        overrides=given.set,
        defects=given.defect,
    )


def _check_defect(defect: DefectSpec, drill: DrillSpec, key: str) -> None:
    known = {criterion.name for criterion in drill.criteria}
    if defect.deviates and defect.deviates not in known:
        problem = f"'{defect.deviates}' is no criterion of its drill; {nearest(defect.deviates, known)}"
        raise UsageError(problem, key=key)


def _rig(path: Path, given: str, key: str) -> str | None:
    if not given:
        return None
    source = _beside(path, given, key)
    load_rig(source)
    return source


def _beside(path: Path, given: str, key: str) -> str:
    """
    What a name means, or where a path leads to, counted from the game day's own file.
    """
    if not given.endswith(".toml"):
        return given
    there = path.parent / given
    if not there.is_file():
        raise UsageError(f"there is no file '{given}' beside the game day", key=key)
    return str(there)
