"""
Runs and events to JSON values and back: `public` is the JSON that others read, the rest is what the record keeps.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from .criterion import Judged
from .deviation import Deviation
from .event import JSON, Event, Kind
from .instant import Instant, Span
from .quantity import Quantity
from .run import SCHEMA, Dut, RailLevels, Run, RunHead
from .trial import Instants, Trial
from .verdict import TrialVerdict, Verdict

Object = dict[str, JSON]

# --- what others read ------------------------------------------------------------------------------------------------


def dumps(run: Run) -> str:
    """
    The JSON of a run as text, the same bytes for the same run.
    """
    return json.dumps(public(run), indent=2, allow_nan=False) + "\n"


def public(run: Run) -> Object:
    """
    The JSON of a run. Its keys and their order are a promise to others.
    """
    head = run.head
    return {
        "schema": SCHEMA,
        "run_id": head.run_id,
        "drill": head.drill,
        "rig": head.rig,
        "seed": head.seed,
        "environment": head.environment,
        "versions": dict(head.versions),
        "dut": {"name": head.dut.name, "version": head.dut.version},
        "verdict": run.verdict.value,
        "reason": run.reason,
        "repeat_command": head.repeat_command,
        "trials": [_public_trial(trial) for trial in run.trials],
        "criteria": [_public_judged(judged) for judged in run.criteria],
        "deviations": [deviation_to_json(deviation) for deviation in run.deviations],
    }


def _public_trial(trial: Trial) -> Object:
    shown: Object = {
        "index": trial.index,
        "verdict": trial.verdict.value,
        "reason": trial.reason,
        "instants": {name: instant_to_json(instant) for name, instant in trial.instants.items()},
        "durations": {name: span_to_json(span) for name, span in trial.durations().items()},
    }
    if trial.quantities:
        shown["quantities"] = {name: quantity_to_json(quantity) for name, quantity in trial.quantities.items()}
    if warnings := trial.warnings():
        shown["warnings"] = list(warnings)
    if trial.truth is not None:
        shown["truth"] = {name: trial.truth.get(name) for name, _ in trial.instants.items()}
    return shown


def _public_judged(judged: Judged) -> Object:
    return {
        "expr": judged.expr,
        "verdict": judged.verdict.value,
        "value": _finite(judged.value),
        "low": _finite(judged.low),
        "high": _finite(judged.high),
        "n": judged.n,
    }


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


# --- instants and spans ----------------------------------------------------------------------------------------------


def instant_to_json(instant: Instant | None) -> Object | None:
    """
    An instant with its ends in nanoseconds.
    """
    if instant is None:
        return None
    return {"earliest_ns": instant.earliest_ns, "latest_ns": instant.latest_ns}


def instant_from_json(value: Any) -> Instant | None:
    """
    The reverse of `instant_to_json`.
    """
    return None if value is None else Instant(value["earliest_ns"], value["latest_ns"])


def span_to_json(span: Span | None) -> Object | None:
    """
    A span as others read it, with its ends in seconds.
    """
    if span is None:
        return None
    return {"low_s": span.low_s, "high_s": span.high_s, "censored": span.is_censored}


def quantity_to_json(quantity: Quantity) -> Object:
    """
    A quantity as others read it; without an upper bound its high end is null.
    """
    return {"low": quantity.low, "high": quantity.high, "unit": quantity.unit}


# --- what the record keeps -------------------------------------------------------------------------------------------


def event_to_json(event: Event) -> Object:
    """
    An event; what it does not have is left out.
    """
    value: Object = {"kind": event.kind.value, "at": [event.at.earliest_ns, event.at.latest_ns]}
    if event.trial is not None:
        value["trial"] = event.trial
    if event.subject:
        value["subject"] = event.subject
    if event.data:
        value["data"] = event.data
    return value


def event_from_json(value: Any) -> Event:
    """
    The reverse of `event_to_json`.
    """
    return Event(
        kind=Kind(value["kind"]),
        at=Instant(*value["at"]),
        trial=value.get("trial"),
        subject=value.get("subject", ""),
        data=value.get("data", {}),
    )


def run_head_to_json(head: RunHead) -> Object:
    """
    A run's head, with the schema that it is written in.
    """
    plain = {field.name: getattr(head, field.name) for field in fields(head)}
    dut: Object = {"name": head.dut.name, "version": head.dut.version}
    rails: Object = {
        name: {"nominal_v": rail.nominal_v, "brown_out_v": rail.brown_out_v} for name, rail in head.rails.items()
    }
    return {"schema": SCHEMA, **plain, "versions": dict(head.versions), "dut": dut, "rails": rails}


def run_head_from_json(value: Any) -> RunHead:
    """
    The reverse of `run_head_to_json`. Raises ValueError for a schema that is newer than this one.
    """
    plain = dict(value)
    if (schema := plain.pop("schema")) > SCHEMA:
        raise ValueError(f"it was written in schema {schema}, and this crashbench knows {SCHEMA}: use a newer one")
    rails = {name: RailLevels(**rail) for name, rail in plain.get("rails", {}).items()}
    return RunHead(**{**plain, "dut": Dut(**plain["dut"]), "rails": rails})


def trial_to_json(trial: Trial) -> Object:
    """
    A trial without loss, in nanoseconds.
    """
    plain = {field.name: getattr(trial, field.name) for field in fields(trial)}
    hold_up = trial.hold_up
    return {
        **plain,
        "verdict": trial.verdict.value,
        "instants": {name: instant_to_json(instant) for name, instant in trial.instants.items()},
        "awaited": sorted(trial.awaited),
        "hold_up": None if hold_up is None else {"low_ns": hold_up.low_ns, "high_ns": hold_up.high_ns},
        "quantities": {name: quantity_to_json(quantity) for name, quantity in trial.quantities.items()},
        "readings": {name: _number(reading) for name, reading in trial.readings.items()},
        "truth": None if trial.truth is None else dict(trial.truth),
    }


def trial_from_json(value: Any) -> Trial:
    """
    The reverse of `trial_to_json`.
    """
    hold_up = value["hold_up"]
    return Trial(
        **{
            **value,
            "verdict": TrialVerdict(value["verdict"]),
            "instants": Instants(**{name: instant_from_json(at) for name, at in value["instants"].items()}),
            "awaited": frozenset(value["awaited"]),
            "hold_up": None if hold_up is None else Span(hold_up["low_ns"], hold_up["high_ns"]),
            # Records of benches that did not sample have none.
            "quantities": {name: Quantity(**quantity) for name, quantity in value.get("quantities", {}).items()},
            "readings": {name: float(reading) for name, reading in value["readings"].items()},
        }
    )


def deviation_to_json(deviation: Deviation) -> Object:
    """
    A row of a deviation sheet, as others read it and as the record keeps it.
    """
    return {field.name: getattr(deviation, field.name) for field in fields(deviation)}


def deviation_from_json(value: Any) -> Deviation:
    """
    The reverse of `deviation_to_json`; whatever else is there is left alone.
    """
    return Deviation(**{field.name: value[field.name] for field in fields(Deviation)})


def judged_to_json(judged: Judged) -> Object:
    """
    A judged criterion without loss.
    """
    return {
        "expr": judged.expr,
        "verdict": judged.verdict.value,
        "value": _number(judged.value),
        "low": _number(judged.low),
        "high": _number(judged.high),
        "n": judged.n,
    }


def judged_from_json(value: Any) -> Judged:
    """
    The reverse of `judged_to_json`.
    """
    numbers = {name: None if value[name] is None else float(value[name]) for name in ("value", "low", "high")}
    return Judged(expr=value["expr"], verdict=Verdict(value["verdict"]), n=value["n"], **numbers)


def end_to_json(verdict: Verdict, reason: str, criteria: Iterable[Judged], notes: Iterable[str]) -> Object:
    """
    What a run's last event says.
    """
    return {
        "verdict": verdict.value,
        "reason": reason,
        "criteria": [judged_to_json(judged) for judged in criteria],
        "notes": list(notes),
    }


def _number(value: float | None) -> float | str | None:
    """
    JSON has no infinity and no NaN: they are kept as their names, which `float` reads back.
    """
    if value is None:
        return None
    return float(value) if math.isfinite(value) else str(float(value))
