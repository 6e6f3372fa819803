"""
A run is a function of its events.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from harness.errors import RecordError, UsageError
from harness.model.event import Event, Kind
from harness.model.instant import Instant
from harness.model.rate import Rate
from harness.model.run import Run
from harness.model.verdict import Verdict
from harness.store.events import FILE
from harness.store.record import fold, folder, load
from tests.model import strategies
from tests.store.recorded import events_of, held, write

AT = Instant(3, 4)


@given(strategies.runs)
@settings(max_examples=30)
def test_a_run_comes_back_from_its_events(run: Run) -> None:
    assert fold(events_of(run)) == run


@given(strategies.runs)
@settings(max_examples=20)
def test_a_run_comes_back_from_the_disk(tmp_path_factory: pytest.TempPathFactory, run: Run) -> None:
    runs = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CRASHBENCH_HOME", str(runs.parent / runs.name))
        write(runs / "runs", run)

        assert load(run.head.run_id) == run


@given(strategies.runs)
@settings(max_examples=20)
def test_a_run_that_was_killed_is_inconclusive_wherever_it_was(run: Run) -> None:
    events = list(events_of(run, end=False))

    for until in range(1, len(events) + 1):
        killed = fold(events[:until])
        assert killed.verdict is Verdict.INCONCLUSIVE
        assert killed.reason == "the record has no end: the bench was killed"
        assert not killed.ended
        assert killed.trials == run.trials[: len(killed.trials)]


def test_what_went_wrong_on_the_way_becomes_notes_each_once() -> None:
    trouble = Event(kind=Kind.BENCH_TROUBLE, at=AT, trial=2, subject="meter", data={"problem": "no answer"})
    bare = Event(kind=Kind.BENCH_TROUBLE, at=AT)
    step = Event(kind=Kind.CLOCK_STEPPED, at=AT, data={"stepped_s": -1.5})
    run = replace(held(), notes=("the lab was slow", "bench trouble in trial 2: meter: no answer"))
    events = list(events_of(run))

    assert fold([*events[:-1], trouble, bare, step, events[-1]]).notes == (
        "bench trouble in trial 2: meter: no answer",
        "bench trouble",
        "the wall clock was stepped by -1.500 s during the run; no time here was read from it",
        "the lab was slow",
    )


@pytest.mark.parametrize(("missed", "noted"), [(0, 0), (16, 1)])
def test_a_trace_with_holes_is_noted(missed: int, noted: int) -> None:
    rate = Rate(meter="monitor", asked_hz=455.0, reached_hz=449.2, conversions=8984, missed=missed, failures=2)
    sampled = Event(kind=Kind.SAMPLED, at=AT, data=asdict(rate))
    *events, end = events_of(replace(held(), notes=()))
    assert len(fold([*events, sampled, end]).notes) == noted
    assert str(rate).startswith("monitor: 449 of 455 conversions a second were read; ")
    assert str(rate).endswith(" missing, and 2 times there was no good answer")


def test_trouble_after_the_end_is_noted_too() -> None:
    late = Event(kind=Kind.BENCH_TROUBLE, at=AT, data={"problem": "the relay did not answer"})

    assert fold([*events_of(held()), late]).notes == ("bench trouble: the relay did not answer",)


@pytest.mark.parametrize("events", [[], [Event(kind=Kind.PHASE, at=AT)]])
def test_a_record_without_a_start_is_no_run(events: list[Event]) -> None:
    with pytest.raises(RecordError, match="does not start with a run's start"):
        fold(events)


def test_a_record_that_says_something_else_is_placed(home: Path) -> None:
    path = write(home / "runs", held())
    events = list(events_of(held()))

    with pytest.raises(RecordError, match="is not understood: 'verdict'"):
        fold([*events[:-1], Event(kind=Kind.RUN_ENDED, at=AT, data={"criteria": [], "notes": []})])
    (path / FILE).write_bytes((path / FILE).read_bytes().replace(b'"P1"', b'"P9"'))
    with pytest.raises(RecordError, match=f"{FILE}: line 1 is not what was written"):
        load("a-run")


def test_the_last_run_is_the_one_recorded_last(home: Path) -> None:
    for name, recorded_s in (("b", 2_000), ("c", 3_000), ("a", 1_000)):
        write(home / "runs", held(name), recorded_s=recorded_s)

    assert load("last").head.run_id == "c"
    assert folder("last") == home / "runs" / "c"


def test_an_unknown_run_names_the_nearest(home: Path) -> None:
    with pytest.raises(UsageError, match="run: no run 'last'; there is none on record yet; `crashbench run` makes one"):
        load("last")
    write(home / "runs", held("power-outage-lab-1"))
    with pytest.raises(UsageError, match=r"no run 'power-outage-lab-2'; did you mean 'power-outage-lab-1'\?"):
        load("power-outage-lab-2")


def test_a_path_is_no_run_id(home: Path, tmp_path: Path) -> None:
    write(tmp_path, held("elsewhere"))
    write(home / "runs", held("here"))

    for run_id in ("../../elsewhere", str(tmp_path / "elsewhere"), ".", ""):
        with pytest.raises(UsageError, match="no run"):
            folder(run_id)
