"""
An audit names each planted defect and nothing else, raises no false alarm, and never leaves a DUT in the dark.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.engine.odometer import Odometer
from harness.errors import BenchError, DeviceError, RecordError, Refused, Unrestored
from harness.model.event import Kind
from harness.model.finding import Finding, Grade
from harness.model.instant import Instant
from harness.model.rig import RigSpec
from tests.audit.audits import audited, wired
from tests.benches import rig, shipped_rig, two_duts
from tests.failing import WAYS, FailsAt

# An audit takes a second: one of each kind here, the others in the long form.
SEEDS = [1, *(pytest.param(seed, marks=pytest.mark.soak) for seed in (2, 3))]
CALLS = [1, 13, *(pytest.param(nth, marks=pytest.mark.soak) for nth in (2, 3, 6, 26))]
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
    "boasting": (rig(relay={"min_pulse_s": 0.007}), {("floor", "mains")}),
    "low supply": (rig(rail={"supply_v": 4.6}, dut={"nominal_v": 5.2, "brown_out_v": 3.0}), {("rail", "edge")}),
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", PLANTED)
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
    assert 0.007 < floor_s <= 0.020
    assert spec.devices["mains"].config.min_pulse_s == 0.007  # type: ignore[attr-defined]
    # A second audit is not kept from measuring by the first one's result.
    audited(spec, odometer=strokes)
    assert strokes.floors.of("mains") == pytest.approx(floor_s, rel=0.5)


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


@given(st.floats(0.0, 12.0), st.integers(1, 1000))
@settings(max_examples=6, deadline=None)
def test_an_audit_that_is_aborted_at_any_moment_leaves_the_dut_fed(at_s: float, seed: int) -> None:
    done = audited(rig(), seed, abort_at_s=at_s)
    assert done.error is None
    assert done.trouble in ("enough", "")
    assert done.is_fed
    assert done.pending.is_clean


@pytest.mark.parametrize("after", [0, 1, 7, 19, 27])
def test_a_switch_that_fails_ends_its_strokes_and_leaves_the_dut_fed(after: int) -> None:
    done = audited(rig(), wrap=Counting(fails_after=after))
    if after < 20:
        assert ("strokes", "mains") in done.wrong or "it was not struck" in done.of("strokes").measured
    assert done.is_fed
    assert done.pending.is_clean


def test_a_switch_that_never_feeds_again_is_cried_out_for() -> None:
    done = audited(rig(), wrap=Counting(sticks_after=2))
    assert isinstance(done.error, Unrestored) or done.trouble.startswith("UNRESTORED mains")
    assert not done.is_fed
    assert not done.pending.is_clean


def test_nothing_is_struck_that_cannot_be_written_down(tmp_path: Path) -> None:
    folder = tmp_path / "file"
    folder.write_text("")
    offs = Counting()
    done = audited(rig(), odometer=Odometer(folder / "strokes.log"), wrap=offs)
    assert isinstance(done.error, RecordError) or "cannot be written" in done.of("strokes").measured
    assert offs.count == 0
    assert done.is_fed


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("nth", CALLS)
@pytest.mark.parametrize("for_good", [False, True])
def test_whichever_stroke_fails_however_the_dut_is_fed_or_cried_out_for(nth: int, way: str, for_good: bool) -> None:
    failing = FailsAt(nth, way, for_good=for_good, calls=("on", "off", "make_safe", "undo"))
    done = audited(rig(), wrap=failing)
    assert failing.was_reached
    assert done.error is None or isinstance(done.error, BenchError)
    if done.is_fed:
        assert done.pending.is_clean or done.trouble.startswith("UNRESTORED mains")
    else:
        assert done.trouble.startswith("UNRESTORED mains")
        assert not done.pending.is_clean


class Counting:
    """
    Counts what a rig's switch `mains` is told, and has it fail after so many strokes.
    """

    def __init__(self, fails_after: int | None = None, sticks_after: int | None = None) -> None:
        self.told: list[tuple[str, Instant]] = []
        self.count = 0
        self._fails_after, self._sticks_after = fails_after, sticks_after

    def __call__(self, name: str, device: Any) -> Any:
        if name == "mains":
            on, off = device.on, device.off

            async def counted_off() -> Instant:
                if self._fails_after is not None and self.count >= self._fails_after:
                    raise DeviceError("mains", "is out of order")
                self.count += 1
                self.told.append(("off", at := await off()))
                return at

            async def kept_on() -> Instant:
                if self._sticks_after is not None and self.count >= self._sticks_after:
                    raise DeviceError("mains", "does not move")
                self.told.append(("on", at := await on()))
                return at

            device.on, device.off = kept_on, counted_off
        return device

    def widths_s(self) -> list[float]:
        """
        How long each interruption was.
        """
        pairs = zip(self.told, self.told[1:], strict=False)
        return [(b.earliest_ns - a.latest_ns) / 1e9 for (this, a), (then, b) in pairs if (this, then) == ("off", "on")]
