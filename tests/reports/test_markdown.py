"""
The page that a person reads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings

from harness.model.deviation import Deviation
from harness.model.event import Event, Kind
from harness.model.evidence import Evidence
from harness.model.instant import Instant
from harness.model.quantity import Quantity
from harness.model.run import Run
from harness.model.trial import Instants
from harness.reports.markdown import Markdown
from tests.model import strategies
from tests.reports import examples


@pytest.mark.parametrize("name", examples.ALL)
def test_it_is_the_golden_page(name: str, is_golden: Callable[[str, str], bool]) -> None:
    assert is_golden(Markdown.render(examples.ALL[name]), f"{name}.md")


@pytest.mark.parametrize("name", examples.ALL)
def test_it_names_what_a_reader_must_know(name: str) -> None:
    run = examples.ALL[name]
    page = Markdown.render(run)

    head = run.head
    facts = [
        head.drill,
        head.rig,
        str(head.seed),
        head.environment,
        head.repeat_command,
        run.verdict,
        "crashbench 0.1.0",
    ]
    assert [fact for fact in facts if fact not in page] == []
    assert run.reason[1:] in page


@given(strategies.runs)
@settings(max_examples=30)
def test_any_run_has_a_page_that_can_be_written_and_keeps_its_tables_square(run: Run) -> None:
    page = Markdown.render(run)

    page.encode("utf-8")
    blocks = [block.splitlines() for block in page.split("\n\n") if block.startswith("|")]
    assert all(len({_cells(line) for line in block}) == 1 for block in blocks)


def test_a_hostile_name_is_only_text() -> None:
    page = Markdown.render(examples.killed)

    assert "<script>" not in page.replace("\\<", "")
    assert "\x1b" not in page
    assert "\n# not a title" not in page


def test_a_recovery_that_never_came_is_shown_as_such() -> None:
    page = Markdown.render(examples.deviated)

    assert "> 69.856 s (its end was not seen)" in page
    assert "1 of 5 trials failed: at 95 % confidence the true failure rate is at most 65.7 %." in page
    assert "1 of 6 trials inconclusive: they count for nothing." in page


def test_one_good_trial_claims_very_little() -> None:
    page = Markdown.render(examples.held)

    assert "0 of 1 trials failed: at 95 % confidence the true failure rate is at most 95 %." in page
    assert "a missing fsync cannot show" in page


def test_a_real_rig_has_no_excuse_of_a_played_one() -> None:
    run = replace(examples.held, head=replace(examples.HEAD, world="real"))

    assert "fsync" not in Markdown.render(run)


def test_an_effect_before_its_cause_is_said() -> None:
    instants = Instants(fault_commanded=Instant(100, 110), detected=Instant(50, 60))
    run = replace(examples.held, trials=(replace(examples.recovered(1, 3_000), instants=instants),))

    said = "trial 1: time_to_detect is negative (-0.00005 ms ± 10 ns): an effect was seen before its cause"
    for notes in ((), (said,)):
        assert Markdown.render(replace(run, notes=notes)).count(f"- T{said[1:]}.\n") == 1


def test_what_a_sampled_rail_tells_is_shown_and_what_it_cannot() -> None:
    told = {"inrush_peak": Quantity(0.816, None, "A"), "energy_to_recover": Quantity(26.921, 27.846, "J")}
    trials = (replace(examples.recovered(1, 3_000), quantities=told), examples.recovered(2, 3_000))
    page = Markdown.render(replace(examples.held, trials=trials))

    (energy,) = [line for line in page.splitlines() if "energy to recover" in line]
    assert [cell.strip() for cell in energy.split("|")[1:-1]] == ["energy to recover", "26.92 … 27.85 J", "–"]
    assert "> 0.81 A (no upper bound)" in page.replace("\\", "")
    assert "error of gain and offset" in page
    assert "of the trace" not in Markdown.render(examples.held)


def _cells(line: str) -> int:
    return line.replace("\\\\", "").replace("\\|", "").count("|")


# --- the deviation sheet ----------------------------------------------------------------------------------------------

SHEET = (
    Deviation(row="all", asked="a standard", delivered="1 of 2 rows", why="only shaped after it; source: a manual"),
    Deviation(row="1", asked="off 10 us", why="mains cannot make it: its floor is 20 ms"),
    Deviation(row="2, trial 0", asked="off 1 s", delivered="1.002 s ± 9 ms", measured_by="monitor: below 4.75 V"),
)


def test_the_sheet_says_row_by_row_what_was_asked_and_delivered() -> None:
    page = Markdown.render(replace(examples.held, deviations=SHEET))
    section = page.partition("## Deviation sheet\n\n")[2].partition("\n\n")[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines()]
    assert cells[0] == ["row", "asked", "delivered", "measured by", "why different"]
    assert cells[3] == ["1", "off 10 us", "not run", "–", "mains cannot make it: its floor is 20 ms"]
    assert cells[4] == ["2, trial 0", "off 1 s", "1.002 s ± 9 ms", "monitor: below 4.75 V", "–"]


def test_what_a_ladder_does_not_show_is_said() -> None:
    page = Markdown.render(replace(examples.held, deviations=SHEET))
    assert "shaped after a standard, and shows no compliance with it; of 1 rows that were not run it says" in page


def test_without_rows_there_is_no_sheet() -> None:
    page = Markdown.render(examples.held)
    assert "Deviation sheet" not in page
    assert "shaped after" not in page


def test_what_was_kept_of_the_dut_is_listed_with_what_is_missing_of_it() -> None:
    kept = [
        Event(kind=Kind.ARTIFACT, at=Instant.exactly(0), trial=0, subject="edge", data=data)
        for data in (
            {"path": "trials/0/edge/node.log", "bytes": 7, "of_bytes": 7},
            {"path": "trials/0/edge/console.log", "bytes": 4, "of_bytes": 10},
        )
    ]
    page = Markdown.render(examples.ALL["held"], Evidence(events=tuple(kept)))
    assert "| 0     | edge | `trials/0/edge/node.log`    | 7                |" in page
    assert "| 0     | edge | `trials/0/edge/console.log` | the last 4 of 10 |" in page
