"""
What was learned: the mission's template, filled with measurements, blank where a person must write.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings

from harness.model.event import Event, Kind
from harness.model.evidence import Evidence
from harness.model.gameday import GameDay, ScenarioHeld
from harness.model.instant import Instant
from harness.model.run import Run
from harness.model.verdict import Verdict
from harness.reports.lessons import Lessons
from harness.store.gameday_record import fold_gameday
from tests.model import strategies
from tests.reports import examples
from tests.store.test_gameday_record import day as events_of_a_day

LINE = "________________"
TEMPLATE = [
    "**Date**: ",
    "**Duration**: ",
    "**Severity**: ",
    "### Hypothesis",
    "### Actual Behavior",
    "### Impact",
    "### Root Cause",
    "### Improvements",
    "### Codex Inscription",
]


def section(text: str, title: str) -> str:
    """
    What stands below a heading.
    """
    return re.split(r"\n#+ ", text.split(f"# {title}\n", 1)[1])[0].strip()


@pytest.mark.parametrize("name", ["held", "deviated", "killed"])
def test_it_has_every_part_of_the_template_in_its_order(name: str) -> None:
    text = Lessons.render(examples.ALL[name])

    places = [text.index(part) for part in TEMPLATE]
    assert text.startswith("## Chaos Event: ")
    assert places == sorted(places)


@pytest.mark.parametrize("name", ["held", "deviated", "killed"])
def test_it_is_the_golden_page(name: str, is_golden: Callable[[str, str], bool]) -> None:
    assert is_golden(Lessons.render(examples.ALL[name]), f"{name}.lessons.md")


@given(strategies.runs)
@settings(max_examples=20)
def test_where_a_person_must_write_nothing_is_written(run: Run) -> None:
    text = Lessons.render(run)

    assert section(text, "Root Cause") == LINE
    assert section(text, "Codex Inscription") == LINE
    assert section(text, "Improvements").splitlines() == [f"- [ ] {LINE}"] * 3
    assert f"User-facing impact: {LINE} users affected" in section(text, "Impact")


def test_what_was_measured_stands_with_its_error() -> None:
    text = Lessons.render(examples.held)

    assert "| `time_to_detect < 30 s` | held    | 392.0 ms ± 53 ms" in text
    impact = section(text, "Impact")
    assert "- Duration: 13.160 s ± 104 ms" in impact
    assert "101 of 130 (77.7 %, at 95 % confidence at most 83.6 %)" in impact


def test_the_longest_outage_is_the_one_whose_end_was_not_seen() -> None:
    assert "- Duration: > 69.856 s (its end was not seen) (the worst of 5 trials)" in Lessons.render(examples.deviated)


def test_a_run_that_injected_nothing_says_so() -> None:
    nothing = replace(examples.held, trials=(), criteria=())

    impact = section(Lessons.render(nothing), "Impact")
    assert "- Duration: nothing was injected" in impact
    assert "none was asked" in impact


def test_the_probes_that_found_the_dut_unwell_are_named_from_the_fault_on_only() -> None:
    trial = examples.held.trials[0]
    assert trial.instants.fault_commanded is not None
    struck_ns = trial.instants.fault_commanded.earliest_ns

    def bad(name: str, after_ns: int, good: bool = False) -> Event:
        at = Instant.exactly(struck_ns + after_ns)
        return Event(kind=Kind.PROBE, at=at, trial=trial.index, subject=name, data={"good": good})

    events = (bad("booting", -5), bad("health", 5), bad("health", 6), bad("port", 7, good=True))
    text = Lessons.render(examples.held, Evidence(events=events))

    assert "unwell: `health`)" in section(text, "Impact")


# --- a game day -------------------------------------------------------------------------------------------------------


def a_day() -> GameDay:
    return fold_gameday(events_of_a_day())


def test_a_game_day_has_its_checklist_an_event_for_each_scenario_and_what_was_not_run() -> None:
    text = Lessons.game_day(a_day(), {"outage": (examples.held, Evidence())})

    assert text.startswith(
        "# Game day: Power: inconclusive\n\n**Date**: 2026-01-02  \n**Duration**: 0.003 hours (10.0 s)"
    )
    assert section(text, "Pre-game checklist") == (
        "- [x] Record the baseline: proven (crashbench), 2026-01-02 03:04:06 UTC\n  - rail edge: 5.000 V"
    )
    assert "## Chaos Event: Power outage of the edge node, outage (cut on sim)" in text
    assert section(text, "Hypothesis") == "Up.\n\nProcedure:\n\n1. Cut."
    assert section(text, "Not run") == "- flicker"
    assert section(text, "Made safe") == "- sim: edge at 5.00 V"
    assert section(text, "Run it again") == "crashbench gameday run power --seed 3"


def test_a_scenario_without_a_record_says_what_the_bench_could_not_do() -> None:
    day = a_day()
    lost = replace(day.scenarios[0], run_id=None, verdict=None, problem="the lab did not start")

    text = Lessons.game_day(replace(day, scenarios=(lost,)), {"outage": None})

    assert section(text, "Actual Behavior") == "The bench: The lab did not start.\n\nNothing was measured."
    assert section(text, "Impact").count(LINE) == 3


def test_what_a_file_says_cannot_forge_a_heading() -> None:
    day = a_day()
    evil = ScenarioHeld(
        name="x\n# held",
        hypothesis="fine\n\n## Chaos Event: none | `x`",
        procedure=("<b>\n# one",),
        drill="d",
        rig="r",
        started=Instant.exactly(0),
        verdict=Verdict.HELD,
    )

    text = Lessons.game_day(replace(day, scenarios=(evil,)), {})

    assert sum(line.startswith("## Chaos Event") for line in text.splitlines()) == 1
    assert "\\<b\\>" in text
