"""
An audit names each planted defect and nothing else, and raises no false alarm.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.engine.odometer import Odometer
from harness.errors import Refused
from harness.model.event import Kind
from harness.model.finding import Finding, Grade
from harness.model.rig import RigSpec
from tests.audit.audits import Counting, audited, wired
from tests.benches import rig, shipped_rig, two_duts

# An audit takes a second: one of each kind here, the others in the long form.
pytestmark = pytest.mark.long

SEEDS = [1, *(pytest.param(seed, marks=pytest.mark.soak) for seed in (2, 3))]
SOUND = {
    "relay": rig(),
    "board": shipped_rig("sim-board"),
    "two": two_duts(),
    "slow": rig(contact={"operate_s": 0.012, "release_s": 0.009, "bounce_s": 0.002}, relay={"min_pulse_s": 0.040}),
    "idle": rig(unit={"boot_draw_a": 0.005, "run_draw_a": 0.005}),
    "thirsty": rig(unit={"boot_draw_a": 0.06, "run_draw_a": 0.7}, rail={"inrush_a": 2.0}),
    "steps": rig(unit={"boot_s": 0.5, "boot_draw_a": 0.7, "run_draw_a": 0.1}),
    "averaging": rig(meter={"average": 16}),
    "averaging a lot": rig(meter={"average": 64}),
    "held up": rig(rail={"hold_up_s": 0.2}),
    "of a known current": rig(dut={"run_current_a": (0.24, 0.26)}),
    "that does not say who it is": rig(dut={"run_current_a": (0.24, 0.26), "identity": None}),
    "normally open": rig(contact={"contact": "no"}, relay={"contact": "no"}),
    "active high": rig(contact={"active_low": False}, relay={"active_low": False}),
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", SOUND)
def test_a_sound_bench_raises_no_alarm(name: str, seed: int) -> None:
    done = audited(SOUND[name], seed)
    assert done.error is None
    assert done.trouble == ""
    assert [found for found in done.findings if found.grade in (Grade.FAIL, Grade.WARN)] == []
    assert done.is_fed
    assert done.pending.is_clean


PLANTED: dict[str, tuple[RigSpec, set[tuple[str, str]]]] = {
    "welded": (rig(contact={"defect": "welded"}), {("welded", "mains")}),
    "stuck open": (rig(contact={"defect": "open"}), {("stuck open", "mains")}),
    "back-powered": (rig(rail={"back_power_v": 1.7}), {("back-powered", "edge")}),
    "a little": (rig(rail={"back_power_v": 0.5}), {("back-powered", "edge")}),
    "wrong side": (rig(rail={"back_power_v": 4.99}), {("wrong side", "monitor")}),
    "reset": (rig(chip={"defect": "resets"}), {("reset monitor", "monitor")}),
    "dead": (rig(chip={"defect": "dead"}), {("meter", "monitor")}),
    "sleeping": (rig(chip={"defect": "sleeping"}), {("meter", "monitor")}),
    "swapped": (wired(main=27, twin=17), {("swapped", "mains"), ("swapped", "twin_mains")}),
    "unwired": (wired(twin=22), {("unwired", "twin_mains")}),
    "both": (wired(twin=17), {("swapped", "mains"), ("unwired", "twin_mains")}),
    "small shunt": (
        rig(dut={"run_current_a": (0.2, 0.3)}, meter={"shunt_ohm": 0.01, "max_current_a": 8.0}),
        {("shunt", "monitor")},
    ),
    "large shunt": (
        rig(dut={"run_current_a": (0.2, 0.5)}, meter={"shunt_ohm": 0.8, "max_current_a": None}),
        {("shunt", "monitor")},
    ),
    "twice the shunt": (
        rig(dut={"run_current_a": (0.24, 0.26)}, meter={"shunt_ohm": 0.2, "max_current_a": None}),
        {("shunt", "monitor")},
    ),
    "half as much again": (
        rig(dut={"run_current_a": (0.24, 0.26)}, meter={"shunt_ohm": 0.15, "max_current_a": None}),
        {("shunt", "monitor")},
    ),
    "two thirds of it": (
        rig(dut={"run_current_a": (0.24, 0.26), "identity": None}, meter={"shunt_ohm": 0.0667}),
        {("shunt", "monitor")},
    ),
    "boasting": (rig(relay={"min_pulse_s": 0.007}), {("floor", "mains")}),
    "low supply": (rig(rail={"supply_v": 4.6}, dut={"nominal_v": 5.2, "brown_out_v": 3.0}), {("rail", "edge")}),
}


# Two of them at once take the longest, and are in the long form.
ALONE = [pytest.param(name, marks=pytest.mark.soak) if name == "both" else name for name in PLANTED]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ALONE)
def test_a_planted_defect_is_named_and_nothing_else(name: str, seed: int) -> None:
    spec, wrong = PLANTED[name]
    done = audited(spec, seed)
    assert done.error is None
    assert done.trouble == ""
    assert done.wrong == wrong
    assert done.is_fed or name == "stuck open"
    assert done.pending.is_clean


def test_a_welded_contact_behind_a_board_may_be_one_that_is_not_wired() -> None:
    board = shipped_rig("sim-board")
    assert board.world is not None
    main = board.world.rails["main"]
    welded = replace(main, contact=replace(main.contact, defect="welded"))
    done = audited(replace(board, world=replace(board.world, rails={"main": welded})))
    assert done.wrong == {("welded", "mains")}
    assert "if it does not even click, it is not wired to output 0" in done.of("welded").advice


def test_the_shunt_of_a_unit_that_does_not_get_to_run_cannot_be_told() -> None:
    found = audited(rig(unit={"boot_s": 90.0}, dut={"run_current_a": (0.24, 0.26)}), look_only=True).of("shunt")
    assert found.grade is Grade.CANNOT_TELL
    assert found.measured.endswith(", and it was not seen to run")


def test_a_meter_that_is_missing_in_the_rig_is_said_to_be() -> None:
    roles = {role: name for role, name in rig().duts["edge"].roles.items() if role != "meter"}
    done = audited(rig(dut={"roles": roles}))
    assert done.wrong == set()
    assert done.of("meter").grade is Grade.CANNOT_TELL
    assert done.of("strokes").measured == "it was not struck: nothing measures the rail of 'edge'"


def test_a_rail_that_falls_slowly_cannot_be_told_from_one_that_is_fed() -> None:
    found = audited(rig(rail={"hold_up_s": 2.0})).of("back-powered")
    assert found.grade is Grade.CANNOT_TELL
    assert "still falling after 3.0 s" in found.measured


def test_the_floor_tells_what_to_write_into_the_rig_file() -> None:
    found = audited(PLANTED["boasting"][0]).of("floor")
    assert found.advice in (
        'write `min_pulse = "14 ms"` in [devices.mains]: it promises 7 ms',
        'write `min_pulse = "20 ms"` in [devices.mains]: it promises 7 ms',
    )


def test_a_floor_that_was_measured_binds_the_guard(tmp_path: Path) -> None:
    spec = PLANTED["boasting"][0]
    strokes = Odometer(tmp_path / "strokes.log")
    audited(spec, odometer=strokes)
    floor_s = Odometer(tmp_path / "strokes.log").floors.of("mains")
    assert floor_s is not None
    assert 0.007 < floor_s <= 0.020
    assert spec.devices["mains"].config.min_pulse_s == 0.007  # type: ignore[attr-defined]
    # A second audit is not kept from measuring by the first one's result.
    audited(spec, odometer=strokes)
    assert strokes.floors.of("mains") == pytest.approx(floor_s, rel=0.5)


@pytest.mark.parametrize("bounce_s", [0.0, 0.001, 0.006])
def test_a_bounce_that_was_measured_is_known_to_the_next_run(tmp_path: Path, bounce_s: float) -> None:
    strokes = Odometer(tmp_path / "strokes.log")
    audited(rig(contact={"bounce_s": bounce_s}), odometer=strokes)
    measured_s = Odometer(tmp_path / "strokes.log").bounces.of("mains")
    assert measured_s is not None
    # A meter with conversions of 2.2 ms, which are known to within 10 %, on both ends.
    assert 0.5 * bounce_s <= measured_s <= bounce_s + 0.012


def test_the_bounce_of_a_contact_whose_dut_draws_nothing_is_not_known() -> None:
    strokes = Odometer(None)
    audited(rig(unit={"boot_draw_a": 0.0, "run_draw_a": 0.0}), odometer=strokes)
    assert strokes.bounces.of("mains") is None


def test_a_floor_that_the_meter_cannot_see_is_not_vouched_for() -> None:
    found = audited(shipped_rig("sim-board")).of("floor")
    assert found.grade is Grade.CANNOT_TELL
    assert found.measured == "4.84 ms or less: the meter can tell none shorter; 0.1 ms is declared"


def test_production_is_refused_before_anything_is_touched() -> None:
    done = audited(rig(environment="production"))
    assert isinstance(done.error, Refused)
    assert "`--look-only`" in str(done.error)
    assert done.events == []


def test_looking_strikes_nothing() -> None:
    strokes = Odometer(None)
    done = audited(rig(environment="production", contact={"defect": "welded"}), look_only=True, odometer=strokes)
    assert done.error is None
    assert strokes.total("mains") == 0
    assert {found.check for found in done.findings} >= {"meter", "rail", "contact life", "disk"}
    assert done.wrong == set()


def test_every_finding_travels_as_an_event() -> None:
    done = audited(rig(), look_only=True)
    told = [Finding.from_json(event.data) for event in done.events if event.kind is Kind.FINDING]
    assert told == done.findings


def test_every_stroke_is_on_the_odometer() -> None:
    strokes, offs = Odometer(None), Counting()
    audited(rig(), odometer=strokes, wrap=offs)
    assert strokes.total("mains") == offs.count > 20


def test_a_worn_contact_is_not_struck_again(tmp_path: Path) -> None:
    strokes = Odometer(tmp_path / "strokes.log")
    strokes.count("mains", 95)
    done = audited(rig(relay={"contact_life": 100}), odometer=strokes)
    assert strokes.total("mains") == 100
    assert "it ended early: mains has done 100 of the 100 strokes" in done.of("strokes").measured
    assert done.of("contact life").grade is Grade.FAIL
    assert done.is_fed
    assert done.pending.is_clean


def test_cycles_per_hour_and_dwell_are_kept() -> None:
    done = audited(rig(relay={"cycles_per_hour": 10, "min_on_s": 2.0}))
    assert done.of("strokes").measured == ("it ended early: mains may cycle 10 times an hour, and has done 10")
    assert done.ended_ns > 9 * 2_000_000_000
    assert done.is_fed


def test_no_interruption_is_shorter_than_the_least_off_time() -> None:
    offs = Counting()
    done = audited(rig(relay={"min_off_s": 0.2}), wrap=offs)
    assert min(offs.widths_s()) >= 0.2
    assert done.of("floor").measured.endswith("its least off-time is longer")
