"""
A drill file to a `DrillSpec`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from .. import plugins
from ..errors import UsageError, nearest
from ..model.criterion import DURATION_NAMES, MEANS, OPERATORS, RATIOS, Criterion
from ..model.drill import AlertSpec, BlastRadius, DrillSpec, FaultSpec, Ladder, ProbeSpec, Severity, Trials
from ..model.quantity import QUANTITIES
from .build import Table, build, key_of
from .rows import ladder as read_ladder
from .source import Source, read
from .units import quantity

# The tables whose keys depend on a kind: all that a drill file has beside the keys of `_File`.
_TABLES = ("steady_state", "fault", "detected", "failed_over", "criteria", "ladder")

_EXPR = re.compile(r"\s*([a-z_0-9]+)\s*(<=|>=|==|<|>)\s*(.+?)\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """
    The keys of a drill file; the tables whose keys depend on a kind are read on their own.
    """

    title: str
    hypothesis: str
    severity: Severity = Severity.P2
    chaos_type: str
    component: str
    hold_s: float = 5.0
    settle_s: float = 30.0
    watch_s: float = 300.0
    ready: tuple[str, ...] = ()
    expects_loss: bool | None = None
    blast_radius: BlastRadius = field(default_factory=BlastRadius)
    trials: Trials = field(default_factory=Trials)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Probe:
    kind: str
    role: str
    name: str = ""
    period_s: float = 1.0
    timeout_s: float | None = None
    failures: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    kind: str
    role: str = ""
    at_s: float = 0.0
    for_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Criterion:
    expr: str
    confidence: float | None = None


def load_drill(name: str, overrides: Sequence[str] = ()) -> DrillSpec:
    """
    The drill of that name or path. Raises UsageError.
    """
    source = read("drill", name, overrides)
    try:
        return _drill(source, tuple(overrides))
    except UsageError as error:
        raise error.within(file=str(source.path)) from error


def _drill(source: Source, overrides: tuple[str, ...]) -> DrillSpec:
    table = dict(source.table)
    _check_keys(table)
    probes = tuple(_each(table, "steady_state", probe_of))
    ladder = None
    if "ladder" in table:
        ladder = _placed("ladder", partial(_ladder, table.pop("fault", [])), table.pop("ladder"))
    faults = ladder.rows[0].faults if ladder else tuple(_each(table, "fault", _fault))
    measured = _measured(probes)
    criteria = tuple(_each(table, "criteria", lambda t: _criterion(t, measured)))
    detected = _placed("detected", _alert, table.pop("detected")) if "detected" in table else None
    failed_over = _placed("failed_over", _by_the_other, table.pop("failed_over")) if "failed_over" in table else None
    for key, found in (("steady_state", probes), ("fault", faults)):
        if not found:
            raise UsageError(f"missing; a drill needs at least one [[{key}]]", key=key)
    head = build(_File, table)
    _named_once([probe.name for probe in probes])
    for probe in head.ready:
        if probe not in {p.name for p in probes}:
            raise UsageError(f"'{probe}' is no probe here; {nearest(probe, [p.name for p in probes])}", key="ready")
    _check_sizes(head)
    expects = head.expects_loss
    if expects is None:
        expects = _expects_loss([fault for row in ladder.rows for fault in row.faults] if ladder else faults)
    return DrillSpec(
        name=source.name,
        path=source.path,
        digest=source.digest,
        title=head.title,
        hypothesis=head.hypothesis,
        severity=head.severity,
        chaos_type=head.chaos_type,
        component=head.component,
        blast_radius=head.blast_radius,
        steady_state=probes,
        faults=faults,
        detected=detected,
        failed_over=failed_over,
        ready=head.ready or tuple(probe.name for probe in probes),
        hold_s=head.hold_s,
        settle_s=head.settle_s,
        watch_s=head.watch_s,
        expects_loss=expects,
        criteria=criteria,
        trials=head.trials,
        overrides=overrides,
        ladder=ladder,
    )


def _check_keys(table: Table) -> None:
    """
    Before any is read: a misspelt table must not be told as one that is missing.
    """
    known = [*map(key_of, _File.__dataclass_fields__), *_TABLES]
    for key in table:
        if key not in known:
            raise UsageError(f"unknown key; {nearest(key, known)}", key=key)


def _ladder(faults: object, table: object) -> Ladder:
    if not isinstance(table, dict):
        raise UsageError("must be a table; write [ladder]")
    if not isinstance(faults, list) or not faults or not all(isinstance(fault, dict) for fault in faults):
        raise UsageError("needs the [[fault]] that its rows override")
    return read_ladder(table, faults, _fault)


def _expects_loss(faults: Sequence[FaultSpec]) -> bool | None:
    """
    Whether any of these faults expects one; None when one of the others may bring it.
    """
    expected = {getattr(plugins.load("faults", fault.kind), "expects_loss", True) for fault in faults}
    return True if True in expected else None if None in expected else False


def _check_sizes(head: _File) -> None:
    counts = {"trials.count": head.trials.count, "blast_radius.duts": head.blast_radius.duts}
    for key, count in counts.items():
        if count < 1:
            raise UsageError("must be at least 1", key=key)
    times = {"hold": head.hold_s, "settle": head.settle_s, "watch": head.watch_s}
    for key, time_s in {**times, "trials.cool_down": head.trials.cool_down_s}.items():
        if time_s < 0:
            raise UsageError("must not be negative", key=key)


def _each(table: dict[str, Any], key: str, make: Any) -> list[Any]:
    value = table.pop(key, [])
    if not isinstance(value, list):
        raise UsageError(f"must be a list of tables; write [[{key}]]", key=key)
    return [_placed(f"{key}.{index}", make, item) for index, item in enumerate(value)]


def _placed(key: str, make: Any, value: object) -> Any:
    try:
        return make(value)
    except UsageError as error:
        raise error.within(key=key) from error


def split(cls: type[Any], table: object, room: str) -> tuple[Any, Any]:
    """
    The common part of a table and its kind's own Config. Raises UsageError, naming keys of either.
    """
    if not isinstance(table, dict):
        raise UsageError("must be a table")
    if "kind" not in table:
        raise UsageError(f"missing; known: {', '.join(plugins.kinds(room))}", key="kind")
    config_cls = plugins.load(room, str(table["kind"])).Config
    own = {key_of(name) for name in config_cls.__dataclass_fields__}
    common = {key_of(name) for name in cls.__dataclass_fields__}
    for key in table:
        if key not in own | common:
            raise UsageError(f"unknown key; {nearest(key, own | common)}", key=key)
    config = build(config_cls, {k: v for k, v in table.items() if k in own})
    return build(cls, {k: v for k, v in table.items() if k in common}), config


def probe_of(table: Table) -> ProbeSpec:
    """
    A probe's table, as in [[steady_state]]. Raises UsageError.
    """
    return _probe(table, with_failures=False)


def _probe(table: Table, *, with_failures: bool) -> ProbeSpec:
    common, config = split(_Probe, table, "probes")
    if not with_failures and "failures" in table:
        raise UsageError("unknown key; it belongs in [detected]", key="failures")
    if common.timeout_s is None and not hasattr(plugins.load("probes", common.kind), "announced"):
        raise UsageError('missing; how long is its answer waited for? add `timeout = "1 s"`', key="timeout")
    # Of what others tell by themselves nothing is asked.
    timeout_s = common.period_s if common.timeout_s is None else common.timeout_s
    for key, length_s in (("period", common.period_s), ("timeout", timeout_s)):
        if length_s <= 0:
            raise UsageError("must be more than 0", key=key)
    return ProbeSpec(
        name=common.name or common.role,
        kind=common.kind,
        role=common.role,
        period_s=common.period_s,
        timeout_s=timeout_s,
        config=config,
    )


def _by_the_other(table: Table) -> ProbeSpec:
    return _probe(table, with_failures=False)


def _alert(table: Table) -> AlertSpec:
    probe = _probe(table, with_failures=True)
    # What fires elsewhere has been through somebody's rule already.
    is_of_others = getattr(plugins.load("probes", probe.kind), "is_of_others", False)
    if is_of_others and "failures" in table:
        raise UsageError(f"unknown key; {probe.kind} fires by a rule that is not ours", key="failures")
    failures = 1 if is_of_others else table.get("failures", 3)
    if failures < 1:
        raise UsageError("must be a whole number from 1 up", key="failures")
    return AlertSpec(probe=probe, failures=failures)


def _fault(table: Table) -> FaultSpec:
    common, config = split(_Fault, table, "faults")
    for key in ("at_s", "for_s"):
        if (getattr(common, key) or 0) < 0:
            raise UsageError("must not be negative", key=key_of(key))
    return FaultSpec(kind=common.kind, role=common.role, at_s=common.at_s, for_s=common.for_s, config=config)


def _criterion(table: Table, measured: Mapping[str, str]) -> Criterion:
    given = build(_Criterion, table)
    match = _EXPR.fullmatch(given.expr)
    if match is None:
        raise UsageError(f"'{given.expr}' is not `name op limit`; like `time_to_detect < 30 s`", key="expr")
    name, op, limit = match.groups()
    assert op in OPERATORS
    known = DURATION_NAMES | RATIOS | QUANTITIES.keys() | measured.keys()
    if name not in known:
        raise UsageError(f"'{name}' cannot be judged by these probes; {nearest(name, known)}", key="expr")
    if given.confidence is not None and name not in RATIOS:
        raise UsageError(f"only {', '.join(sorted(RATIOS))} can be judged on a bound", key="confidence")
    if given.confidence is not None and not 0.5 <= given.confidence < 1:
        raise UsageError("must be at least 0.5 and less than 1, like 0.95", key="confidence")
    try:
        value = _limit(name, limit, measured.get(name, ""))
    except UsageError as error:
        raise error.within(key="expr") from error
    return Criterion(" ".join(given.expr.split()), name, op, value, given.confidence)


def _limit(name: str, text: str, suffix: str = "") -> float:
    if name in DURATION_NAMES or name in MEANS:
        return quantity(text, "_s")
    if name in RATIOS:
        return quantity(text, "_ratio")
    if name in QUANTITIES:
        return quantity(text, f"_{QUANTITIES[name].lower()}")
    if suffix:
        return quantity(text, suffix)
    try:
        return float(text)
    except ValueError as error:
        raise UsageError(f"'{text}' must be a bare number for '{name}'") from error


def _measured(probes: Sequence[ProbeSpec]) -> dict[str, str]:
    """
    What the probes measure, by name, and the ending of its unit (empty: a bare number): their kinds say so, or their
    own Configs where that depends on them.
    """
    measured: dict[str, str] = {}
    for probe in probes:
        own: Mapping[str, str] | None = getattr(probe.config, "measures", None)
        measured |= (
            dict.fromkeys(getattr(plugins.load("probes", probe.kind), "measures", ()), "") if own is None else own
        )
    return measured


def _named_once(names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"two probes are called '{name}'; give one a `name`", key="steady_state")
