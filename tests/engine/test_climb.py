"""
A ladder on a bench: each row in its trial, what cannot be delivered told and not done, what was delivered measured.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import anyio
import pytest

from harness import clock
from harness.assemble import Assembly
from harness.engine.drill import DrillRun
from harness.errors import Refused
from harness.model.deviation import Deviation
from harness.model.drill import DrillSpec, FaultSpec, Ladder, Row
from harness.model.event import Kind
from harness.model.rig import RigSpec
from harness.model.verdict import TrialVerdict, Verdict
from tests.benches import Played, drill, fault, play, probe, rig

S = clock.NS_PER_S

QUICK = rig(unit={"boot_s": 0.2})
DIFFERS = Deviation(row="all", asked="six units", delivered="one")


def row(number: int, *faults: FaultSpec, repeats: int = 1) -> Row:
    return Row(number=number, asked=f"ask {number}", faults=faults, repeats=repeats)


def climb(*rows: Row, **changes: Any) -> DrillSpec:
    """
    A quick drill with a ladder of these rows.
    """
    ladder = Ladder(shaped_after="a standard", source="a manual", rows=rows, differs=(DIFFERS,))
    usual: dict[str, Any] = {"criteria": ["downtime < 60 s"], "expects_loss": None}
    return replace(drill(rows[0].faults, **{**usual, **changes}), ladder=ladder)


def dip(off_s: float, **config: Any) -> FaultSpec:
    return fault("supply_dip", off_s=off_s, **config)


def sheet(played: Played) -> list[tuple[str, str, str]]:
    return [(line.row, line.delivered, line.why) for line in played.run.deviations]


TOO_SHORT = row(1, dip(0.001))
SHORT, LONG = row(2, dip(0.05), repeats=2), row(3, dip(0.5))
HALF = row(4, dip(0.5, residual_ratio=0.5))


def test_each_row_is_done_as_often_as_it_says_and_the_others_are_told_of() -> None:
    played = play(climb(TOO_SHORT, SHORT, LONG, HALF), QUICK)
    assert played.verdict is Verdict.HELD
    assert played.run.reason == "3 of 3 trials recovered, every criterion met; 2 of 4 rows not done"
    assert [(line.row, line.asked) for line in played.run.deviations] == [
        ("all", "a standard"),
        ("all", "six units"),
        ("1", "ask 1"),
        ("2, trial 0", "ask 2"),
        ("2, trial 1", "ask 2"),
        ("3, trial 2", "ask 3"),
        ("4", "ask 4"),
    ]
    whole, _, too_short, *done, half = played.run.deviations
    assert (whole.delivered, whole.why) == ("2 of 4 rows", "only shaped after it; source: a manual")
    assert (too_short.delivered, too_short.measured_by) == ("", "")
    assert too_short.why == (
        "mains cannot make an interruption of 1 ms honestly: "
        "its floor is 20 ms (declared, never measured: run `crashbench doctor`)"
    )
    assert half.why == "mains can only open: to leave 50 % of the voltage needs a programmable supply"
    assert {line.measured_by for line in done} == {"monitor: the rail below 4.75 V"}


def test_a_row_of_ones_own_is_never_told_as_what_was_asked_for() -> None:
    own = {"instead_of": "4000 pulses", "because": "no relay makes them"}
    refused = replace(row(1, dip(0.001)), **own)
    done = replace(row(2, dip(0.5)), **own)
    whole, _, left_out, told = play(climb(refused, done), QUICK).run.deviations
    assert whole.delivered == "1 of 2 rows, 1 of them instead of what it asks for"
    assert (left_out.asked, left_out.delivered) == ("instead of 4000 pulses", "")
    assert left_out.why.startswith("no relay makes them; mains cannot make an interruption of 1 ms honestly")
    assert (told.row, told.asked, told.why) == ("2, trial 0", "instead of 4000 pulses", "no relay makes them")
    assert told.delivered.startswith("ask 2: ")


def test_what_is_not_done_is_on_record_before_the_first_trial() -> None:
    played = play(climb(TOO_SHORT, SHORT, HALF), QUICK)
    kinds = [event.kind for event in played.events if event.kind in (Kind.DEVIATION, Kind.TRIAL_STARTED)]
    assert kinds == [Kind.DEVIATION] * 4 + [Kind.TRIAL_STARTED, Kind.DEVIATION] * 2


def test_what_was_delivered_holds_what_the_rail_did() -> None:
    played = play(climb(SHORT, LONG), QUICK)
    for line, trial in zip(played.run.deviations[2:], played.run.trials, strict=True):
        assert trial.truth is not None
        true_ms = (trial.truth["removal_effective"] - trial.truth["fault_effective"]) / 1e6
        told = re.fullmatch(r"(\d+\.\d) ms ± (\d+(?:\.\d)?) ms", line.delivered)
        assert told is not None, line.delivered
        assert abs(float(told[1]) - true_ms) <= float(told[2])
        assert line.why == ""


def test_a_row_that_lasted_otherwise_than_asked_says_why() -> None:
    # The contact opens 8 ms late and closes 60 ms late.
    slow = rig(unit={"boot_s": 0.2}, contact={"release_s": 0.06, "spread_ratio": 0.0}, relay={"min_pulse_s": 0.1})
    (line,) = play(climb(row(1, dip(0.2))), slow).run.deviations[2:]
    assert line.why.startswith("the switch was driven for 200.00000")
    assert line.why.endswith("; the contact and the rail take their own time")


def test_of_several_interruptions_the_fault_itself_tells() -> None:
    sag = fault("sag_loop", times=3)
    (line,) = play(climb(row(1, sag)), QUICK).run.deviations[2:]
    assert line.delivered.startswith("3 interruptions, 2 of them as soon as it drew more than 0.05 A; ")
    assert line.delivered.endswith(" from effect to removal")
    assert line.why == ""


def test_a_fault_without_a_rail_is_measured_by_its_own_proof() -> None:
    (line,) = play(climb(row(1, fault("noop", for_s=1.0))), QUICK).run.deviations[2:]
    assert line.measured_by == "what proves the fault"


def test_the_whole_ladder_is_repeated_as_often_as_the_drill_says() -> None:
    played = play(climb(SHORT, LONG, trials=2), QUICK)
    assert [line.row for line in played.run.deviations[2:]] == [
        "2, trial 0",
        "2, trial 1",
        "2, trial 3",
        "2, trial 4",
        "3, trial 2",
        "3, trial 5",
    ]


def test_the_rows_rest_in_between() -> None:
    played = play(climb(SHORT, LONG), QUICK)
    ended = [event.at.earliest_ns for event in played.events if event.kind is Kind.TRIAL_ENDED]
    started = [event.at.earliest_ns for event in played.events if event.kind is Kind.TRIAL_STARTED]
    rests_ns = [later - earlier for earlier, later in zip(ended, started[1:], strict=False)]
    assert rests_ns == [pytest.approx(S // 10, abs=2)] * 2


# --- nothing for nothing ----------------------------------------------------------------------------------------------


def test_a_ladder_of_which_no_row_can_be_delivered_is_refused_with_the_reason() -> None:
    played = play(climb(TOO_SHORT, HALF), QUICK)
    assert isinstance(played.error, Refused)
    assert str(played.error) == (
        "no row of power-outage.toml can be delivered by this rig; of row 1: "
        "mains cannot make an interruption of 1 ms honestly: "
        "its floor is 20 ms (declared, never measured: run `crashbench doctor`)"
    )
    assert played.events == []


def test_more_strokes_than_an_hour_allows_are_no_row_of_this_rig() -> None:
    worn = rig(unit={"boot_s": 0.2}, relay={"cycles_per_hour": 9})
    many = row(1, fault("power_flicker", times=10, off_s=0.05, on_s=0.05))
    (line, _) = play(climb(many, LONG), worn).run.deviations[2:]
    assert line.why == "mains may cycle 9 times an hour, and this needs 10"


def test_a_row_outside_the_blast_radius_refuses_the_whole() -> None:
    spec = climb(SHORT, row(3, fault("supply_dip", "meter", off_s=0.5)))
    spec = replace(spec, blast_radius=replace(spec.blast_radius, roles=("power",)))
    assert isinstance(play(spec, QUICK).error, Refused)


def test_after_a_row_that_cannot_be_proven_the_next_one_is_tried_and_the_whole_is_inconclusive() -> None:
    # A rail that holds up for so long does not fall by 5 % in 50 ms.
    stiff = rig(unit={"boot_s": 0.2}, rail={"hold_up_s": 3.0})
    played = play(climb(SHORT, LONG), stiff)
    assert [trial.verdict for trial in played.run.trials] == [
        TrialVerdict.INCONCLUSIVE,
        TrialVerdict.INCONCLUSIVE,
        TrialVerdict.RECOVERED,
    ]
    assert played.verdict is Verdict.INCONCLUSIVE
    assert played.is_fed
    (_, delivered, why), *_ = sheet(played)[2:]
    assert delivered == "not proven"
    assert "too short a cut?" in why


@pytest.mark.parametrize("defect", ["never_boots", "never_steady"])
def test_after_a_row_that_the_dut_does_not_survive_none_is_tried(defect: str) -> None:
    cut = row(1, fault("power_cut", for_s=0.3))
    played = play(climb(cut, LONG, settle_s=1.0, watch_s=1.0), rig(unit={"boot_s": 0.2, "defect": defect}))
    assert len(played.run.trials) == 1
    assert sheet(played)[-1] == ("3", "", "the run had ended before it")


def test_a_run_that_is_aborted_tells_which_rows_it_owes() -> None:
    async def abort(run: DrillRun, _: Assembly) -> None:
        await anyio.sleep(0.7)  # in the middle of the first interruption
        run.abort("enough")

    played = play(climb(LONG, SHORT), QUICK, beside=abort)
    assert played.run.reason == "enough; 1 of 2 rows not done"
    assert sheet(played)[2:] == [("2", "", "the run had ended before it"), ("3, trial 0", "not proven", "enough")]
    assert played.is_fed


# --- what is random ---------------------------------------------------------------------------------------------------


def strokes(played: Played) -> list[str]:
    return [line.delivered for line in played.run.deviations[2:]]


def test_what_is_random_is_drawn_from_the_runs_seed_anew_for_each_trial() -> None:
    spec = climb(row(1, fault("jittery_plug"), repeats=3))
    once, again, other = (strokes(play(spec, QUICK, seed)) for seed in (1, 1, 2))
    assert once == again
    assert len(set(once)) == 3
    assert once != other


def test_without_a_ladder_there_is_no_sheet_and_chance_has_its_seed_all_the_same() -> None:
    def offs(bench: RigSpec, seed: int) -> list[int]:
        played = play(drill([fault("jittery_plug")], [probe()], trials=2), bench, seed)
        assert played.run.deviations == ()
        return [
            trial.truth["removal_commanded"] - trial.truth["fault_commanded"]
            for trial in played.run.trials
            if trial.truth
        ]

    assert offs(QUICK, 1) == offs(QUICK, 1)
    assert offs(QUICK, 1) != offs(QUICK, 2)
    assert len(set(offs(QUICK, 1))) == 2
