"""
From the record to the run: a run is a function of its events, and of nothing else.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from dataclasses import replace
from operator import itemgetter
from pathlib import Path
from typing import Any

from ..errors import RecordError, UsageError
from ..model.codec import deviation_from_json, judged_from_json, run_head_from_json, trial_from_json
from ..model.deviation import Deviation
from ..model.event import Event, Kind
from ..model.instant import NS_PER_S
from ..model.rate import Rate
from ..model.run import Dut, Run
from ..model.trial import Trial
from ..model.verdict import Verdict
from . import home
from .events import FILE, read

LAST = "last"


def load(run_id: str) -> Run:
    """
    The run of that id, or the `last` one. Raises UsageError for an unknown id, RecordError for a broken record.
    """
    return load_folder(folder(run_id))


def load_folder(path: Path) -> Run:
    """
    The run whose record is in that folder. Raises RecordError.
    """
    return fold(read(path), where=str(path / FILE))


def folder(run_id: str) -> Path:
    """
    The folder of that run's record, or of the `last` one's. Raises UsageError for an unknown id.
    """
    known = folders(home.runs_dir())
    if run_id == LAST and known:
        return max(known.values(), key=lambda path: (recorded_ns(path), path.name))
    if run_id not in known:
        raise UsageError(f"no run '{run_id}'; {_hint(run_id, known)}", key="run")
    return known[run_id]


def _hint(run_id: str, known: Collection[str]) -> str:
    """
    A hint that fits into a line, however many runs there are.
    """
    if not known:
        return "there is none on record yet; `crashbench run` makes one"
    close = difflib.get_close_matches(run_id, sorted(known), n=1)
    return f"did you mean '{close[0]}'?" if close else f"`crashbench runs` lists them, and `{LAST}` is the newest"


def folders(runs: Path) -> dict[str, Path]:
    """
    The folder of every run with a record among `runs`, by run id.
    """
    return {path.parent.name: path.parent for path in runs.glob(f"*/{FILE}")}


def recorded_ns(path: Path) -> int:
    """
    When the record in that folder was last written, by the file system's clock (nanoseconds); 0 when it is gone.
    """
    try:
        return (path / FILE).stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def fold(events: Iterable[Event], *, where: str = "the record") -> Run:
    """
    The run that these events are the record of; without a last event it stays inconclusive.

    Raises RecordError, naming `where`, when they do not start with a run's start, or cannot be understood.
    """
    rest = iter(events)
    first = next(rest, None)
    if first is None or first.kind is not Kind.RUN_STARTED:
        raise RecordError(f"{where}: does not start with a run's start: the bench was killed before it did anything")
    try:
        return _fold(first, rest)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RecordError(f"{where}: is not understood: {error}") from error


def _fold(first: Event, rest: Iterable[Event]) -> Run:
    trials: list[Trial] = []
    notes: list[str] = []
    duts: list[Dut] = []
    sheet: list[tuple[int, Deviation]] = []
    last: Event | None = None
    for event in rest:
        match event.kind:
            case Kind.IDENTIFIED:
                duts.append(_dut(event))
            case Kind.TRIAL_ENDED:
                trials.append(trial_from_json(event.data))
            case Kind.DEVIATION:
                sheet.append((_place(event), deviation_from_json(event.data)))
            case Kind.BENCH_TROUBLE:
                notes.append(_trouble(event))
            case Kind.CLOCK_STEPPED:
                notes.append(_step(event))
            case Kind.SAMPLED:
                notes += _holes(event)
            case Kind.RUN_ENDED:
                last = event
            case _:
                pass
    head = run_head_from_json(first.data)
    if duts:
        head = replace(head, dut=duts[0])
    notes += [f"the DUT changed during the run: it was {duts[0]}, and is {dut}" for dut in duts if dut != duts[0]]
    # In the order of its rows, whenever each was known.
    deviations = tuple(deviation for _, deviation in sorted(sheet, key=itemgetter(0)))
    run = Run(head=head, trials=tuple(trials), notes=_once(notes), deviations=deviations)
    return run if last is None else _ended(run, first, last)


def _ended(run: Run, first: Event, last: Event) -> Run:
    end: Any = last.data
    return replace(
        run,
        criteria=tuple(judged_from_json(judged) for judged in end["criteria"]),
        verdict=Verdict(end["verdict"]),
        reason=end["reason"],
        notes=_once([*run.notes, *end["notes"]]),
        duration_s=(last.at.latest_ns - first.at.earliest_ns) / NS_PER_S,
        ended=True,
    )


def _place(event: Event) -> int:
    place: Any = event.data["place"]
    return int(place)


def _once(notes: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(notes))


def _trouble(event: Event) -> str:
    when = "bench trouble" if event.trial is None else f"bench trouble in trial {event.trial}"
    said = (event.subject, str(event.data.get("problem", "")))
    return ": ".join([when, *filter(None, said)])


def _holes(event: Event) -> list[str]:
    data: Any = event.data
    rate = Rate(**data)
    return [f"the power trace has holes: {rate}"] if rate.missed else []


def _dut(event: Event) -> Dut:
    name, version = event.data.get("name"), event.data.get("version")
    return Dut(name=None if name is None else str(name), version=None if version is None else str(version))


def _step(event: Event) -> str:
    stepped_s: Any = event.data.get("stepped_s")
    by = "" if stepped_s is None else f" by {stepped_s:+.3f} s"
    return f"the wall clock was stepped{by} during the run; no time here was read from it"
