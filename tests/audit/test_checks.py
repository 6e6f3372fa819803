"""
The checks one by one, on what an audit may have seen.
"""

from __future__ import annotations

from collections import namedtuple
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.audit.checks import BENCH, checks, disk, judged
from harness.audit.cut import Cut
from harness.audit.seen import Channel, Host, Seen
from harness.config.rig import load_rig
from harness.devices.relay import Relay
from harness.model.finding import Finding, Grade
from harness.model.instant import Instant
from harness.model.reading import Flag, Reading
from harness.model.rig import DeviceSpec, RigSpec
from tests.benches import rig, shipped_rig

CHECKS = Path(__file__).parents[2] / "harness" / "audit" / "checks"
MS = 1_000_000


def found(check: str, seen: Seen) -> list[Finding]:
    """
    What one check finds.
    """
    return list(checks()[check](seen))


def only(check: str, seen: Seen) -> Finding:
    """
    The one thing that it finds.
    """
    (finding,) = found(check, seen)
    return finding


def at_rest(*readings: tuple[Flag, float, float], **values: Any) -> Seen:
    """
    A rail that was read at rest: flags, volts, amperes.
    """
    taken = [
        Reading(Instant(i, i + 1), flag, *((volts, amperes) if flag is Flag.OK else (None, None)))
        for i, (flag, volts, amperes) in enumerate(readings)
    ]
    return Seen(rig=rig(**values), rests={"edge": taken}, periods_s={"edge": 0.0024})


def test_a_file_is_a_check() -> None:
    files = {path.stem for path in CHECKS.glob("*.py")} - {"__init__"}
    assert set(checks()) == files
    assert len(files) >= 15


def test_findings_are_sorted_by_what_they_are_about() -> None:
    seen = at_rest((Flag.OK, 5.0, 0.25), dut={"run_current_a": (0.2, 0.3)})
    subjects = [finding.subject for finding in judged(seen)]
    assert subjects == sorted(subjects, key=["mains", "monitor", "edge", BENCH].index)
    assert subjects[-1] == BENCH


def test_a_finding_survives_its_way() -> None:
    row = Finding(check="floor", subject="mains", measured="20 ms ± 1 ms", grade=Grade.CANNOT_TELL, advice="measure")
    assert Finding.from_json(row.to_json()) == row
    with pytest.raises(TypeError):
        Finding.from_json(["floor"])


# --- the bench's own computer -----------------------------------------------------------------------------------------


def host(folder: Path, **files: str) -> Seen:
    """
    A computer whose `/sys` has these files.
    """
    for name, content in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content + "\n")
    return Seen(rig=load_rig("pi-relay-ina226"), host=Host(sys=folder, records=folder))


@pytest.mark.parametrize(("alarm", "grade"), [("0", Grade.OK), ("1", Grade.FAIL)])
def test_a_pi_tells_of_its_own_under_voltage(tmp_path: Path, alarm: str, grade: Grade) -> None:
    hwmon = {"class__hwmon__hwmon1__name": "rpi_volt", "class__hwmon__hwmon1__in0_lcrit_alarm": alarm}
    seen = host(tmp_path, class__hwmon__hwmon0__name="cpu_thermal", **hwmon)
    assert only("under_voltage", seen).grade is grade
    assert bool(only("under_voltage", seen).advice) is (grade is Grade.FAIL)


def test_what_is_no_pi_does_not_know_of_under_voltage(tmp_path: Path) -> None:
    assert only("under_voltage", host(tmp_path)).grade is Grade.CANNOT_TELL
    half = host(tmp_path, class__hwmon__hwmon1__name="rpi_volt")
    assert only("under_voltage", half).grade is Grade.CANNOT_TELL


@pytest.mark.parametrize(
    ("source", "grade"),
    [("tsc", Grade.OK), ("arch_sys_counter", Grade.OK), ("hpet", Grade.WARN), ("refined-jiffies", Grade.FAIL)],
)
def test_the_clock_source_is_named(tmp_path: Path, source: str, grade: Grade) -> None:
    seen = host(tmp_path, devices__system__clocksource__clocksource0__current_clocksource=source)
    assert only("clock_source", seen).grade is grade
    assert source in only("clock_source", seen).measured
    assert only("clock_source", host(tmp_path / "none")).grade is Grade.CANNOT_TELL
    assert only("clock_source", Seen(rig=rig())).grade is Grade.OK


@pytest.mark.parametrize(
    ("free", "grade"), [(5_000_000_000, Grade.OK), (500_000_000, Grade.WARN), (1_000_000, Grade.FAIL)]
)
def test_room_for_records_is_looked_at(
    tmp_path: Path, free: int, grade: Grade, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda path: usage(10**12, 0, free))
    assert only("disk", host(tmp_path)).grade is grade


def test_a_folder_that_is_not_there_has_no_room(tmp_path: Path) -> None:
    assert only("disk", Seen(rig=rig(), host=Host(records=tmp_path / "nowhere"))).grade is Grade.FAIL


# --- pins -------------------------------------------------------------------------------------------------------------


def on_a_pi(**config: Any) -> RigSpec:
    """
    The shipped Pi rig with another relay.
    """
    spec = load_rig("pi-relay-ina226")
    relay = DeviceSpec(name="mains", kind="relay", config=Relay.Config(**config))
    return replace(spec, devices={**spec.devices, "mains": relay})


@pytest.mark.parametrize(
    ("pin", "active_low", "contact", "told"),
    [
        (5, True, "nc", ""),
        (17, True, "nc", "the DUT is cut while the controller boots"),
        (17, True, "no", "the DUT is fed while the controller boots"),
        (17, False, "nc", ""),
        (8, False, "nc", "the DUT is cut while the controller boots"),
        (9, True, "nc", "the DUT is cut while the controller boots"),
    ],
)
def test_a_relay_that_is_energised_while_a_pi_boots_is_found(
    pin: int, active_low: bool, contact: Any, told: str
) -> None:
    row, let_go = found("pins", Seen(rig=on_a_pi(pin=pin, active_low=active_low, contact=contact)))
    assert row.grade is (Grade.WARN if told else Grade.OK)
    assert let_go.grade is (Grade.OK if contact == "nc" else Grade.FAIL)
    assert told in row.measured
    if told:
        assert ("GPIO 4 to 8" if active_low else "GPIO 9 to 27") in row.advice


@pytest.mark.parametrize(("persists", "told"), [("Y", "keeps its level"), ("N", "falls to its pull")])
def test_what_becomes_of_a_line_that_is_let_go_is_told(tmp_path: Path, persists: str, told: str) -> None:
    seen = host(tmp_path, module__pinctrl_bcm2835__parameters__persist_gpio_outputs=persists)
    assert told in found("pins", seen)[-1].measured


@pytest.mark.parametrize(("persists", "grade"), [("Y", Grade.OK), ("N", Grade.FAIL)])
def test_a_relay_that_nothing_would_hold_at_its_safe_level_is_found(
    tmp_path: Path, persists: str, grade: Grade
) -> None:
    on_it = host(tmp_path, module__pinctrl_bcm2835__parameters__persist_gpio_outputs=persists)
    row = found("pins", replace(on_it, rig=on_a_pi(pin=17, contact="no")))[-1]
    assert row.grade is grade
    assert ("nothing would hold mains at its safe level" in row.measured) is (grade is Grade.FAIL)


def test_pins_of_a_played_world_or_of_another_computer_are_not_judged() -> None:
    assert found("pins", Seen(rig=rig())) == []
    spec = load_rig("pi-relay-ina226")
    assert spec.gpio is not None
    other = replace(spec, gpio=replace(spec.gpio, chip="gpiochip0"))
    assert only("pins", Seen(rig=other)).grade is Grade.CANNOT_TELL


# --- meters, rails, shunts --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flag", [Flag.STALE, Flag.NACK, Flag.RESET, Flag.OVERFLOW])
def test_a_meter_that_cannot_be_believed_is_found(flag: Flag) -> None:
    finding = only("meter", at_rest((Flag.OK, 5.0, 0.2), (flag, 0, 0), (flag, 0, 0)))
    assert finding.grade is Grade.FAIL
    assert f"2 of 3 readings are {flag.value}" in finding.measured
    assert finding.advice


def test_a_current_that_flows_backwards_is_a_swapped_shunt() -> None:
    assert "IN+ and IN- are swapped" in only("meter", at_rest((Flag.OK, 5.0, -0.25))).advice
    assert only("meter", at_rest((Flag.OK, 5.0, -0.001))).grade is Grade.OK


@pytest.mark.parametrize(("volts", "grade"), [(5.0, Grade.OK), (4.6, Grade.OK), (4.4, Grade.FAIL), (5.6, Grade.FAIL)])
def test_a_rail_is_compared_with_its_nominal_voltage(volts: float, grade: Grade) -> None:
    assert only("rail", at_rest((Flag.OK, volts, 0.25))).grade is grade


def test_without_a_declared_current_the_shunt_cannot_be_told() -> None:
    finding = only("shunt", at_rest((Flag.OK, 5.0, 0.25)))
    assert finding.grade is Grade.CANNOT_TELL
    assert '`run_current = ["…", "…"]` in [dut.edge]' in finding.advice


@pytest.mark.parametrize(
    ("amperes", "grade"), [(0.25, Grade.OK), (0.19, Grade.OK), (0.32, Grade.OK), (0.17, Grade.FAIL), (0.34, Grade.FAIL)]
)
def test_a_shunt_is_judged_by_the_current(amperes: float, grade: Grade) -> None:
    assert only("shunt", at_rest((Flag.OK, 5.0, amperes), dut={"run_current_a": (0.2, 0.3)})).grade is grade


def test_a_meter_that_always_overflows_has_a_wrong_shunt() -> None:
    assert only("shunt", at_rest((Flag.OVERFLOW, 0, 0))).grade is Grade.FAIL
    assert found("shunt", at_rest()) == []


def test_a_dead_rail_is_a_contact_that_is_stuck_open() -> None:
    assert only("stuck_open", at_rest((Flag.OK, 0.0, 0.0))).subject == "mains"
    assert found("stuck_open", at_rest((Flag.OK, 5.0, 0.0))) == []


# --- contacts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("done", "grade"),
    [(0, Grade.OK), (79_999, Grade.OK), (80_000, Grade.WARN), (99_999, Grade.WARN), (100_000, Grade.FAIL)],
)
def test_a_contact_is_warned_of_at_80_percent_of_its_life(done: int, grade: Grade) -> None:
    finding = only("contact_life", Seen(rig=rig(), strokes={"mains": done}))
    assert finding.grade is grade
    assert f"{done:,} of 100,000 strokes" in finding.measured
    assert ("--replaced mains" in finding.advice) is (grade is not Grade.OK)


def test_what_does_not_wear_out_has_an_odometer_all_the_same() -> None:
    finding = only("contact_life", Seen(rig=shipped_rig("sim-board"), strokes={"mains": 10**7}))
    assert finding.grade is Grade.OK
    assert "10,000,000 strokes" in finding.measured


def test_an_odometer_that_cannot_be_read_is_told_of() -> None:
    assert only("contact_life", Seen(rig=rig(), unreadable=2)).grade is Grade.WARN


class Switch:
    """
    A switch that declares what it can.
    """

    name = "mains"
    chatter_s = 0.002
    min_pulse_s = 0.020
    operate_s = 0.015


def stroke(off_at_ms: float, bounces_ms: float = 0.0) -> Cut:
    """
    A cut, commanded at 0 for 200 ms, that a meter with a period of 1 ms saw begin at a moment, and come to rest later.
    """
    readings = []
    for ms in range(-20, 300):
        middle_ms = ms + 0.5
        is_open = off_at_ms <= middle_ms < 210
        chatters = off_at_ms <= middle_ms < off_at_ms + bounces_ms and ms % 4 == 0
        amperes = 0.25 if chatters or not is_open else 0.0
        readings.append(Reading(Instant(ms * MS, (ms + 1) * MS), Flag.OK, 0.0 if is_open else 5.0, amperes))
    return Cut(off=Instant(0, 0), on=Instant(200 * MS, 200 * MS), readings={"edge": readings})


def measured(*strokes: Cut, dut: str = "edge", **values: Any) -> Seen:
    """
    A switch with some strokes.
    """
    channel = Channel(switch=Switch(), dut=dut, first=strokes[0], strokes=strokes)  # type: ignore[arg-type]
    return Seen(rig=rig(**values), rests={"edge": strokes[0].readings["edge"]}, channels=(channel,))


def test_operate_and_release_are_told_with_mean_error_and_spread() -> None:
    operate, release = found("delays", measured(stroke(8), stroke(10), stroke(9)))
    assert (operate.check, release.check) == ("operate", "release")
    assert operate.measured == "off in 9.0 ms ± 1 ms (n = 3, s = 1.0 ms, each within 7.0 to 11.0 ms)"
    assert release.measured == "on in 10.0 ms ± 1 ms (n = 3, s = 0.0 ms, each within 9.0 to 11.0 ms)"
    assert operate.grade is release.grade is Grade.OK


def test_a_relay_that_is_slower_than_declared_is_told_what_to_write() -> None:
    operate, release = found("delays", measured(stroke(20), stroke(22)))
    assert (operate.grade, release.grade) == (Grade.WARN, Grade.OK)
    assert operate.advice == 'write `operate = "23 ms"` in [devices.mains]'


def test_a_contact_that_does_not_follow_every_command_is_found() -> None:
    lazy = replace(stroke(8), readings={"edge": [r for r in stroke(8).readings["edge"] if r.at.earliest_ns < 0]})
    operate, _ = found("delays", measured(stroke(8), lazy))
    assert operate.grade is Grade.FAIL
    assert operate.measured.endswith("1 not seen")


@pytest.mark.parametrize(("bounces_ms", "grade"), [(0, Grade.OK), (12, Grade.FAIL)])
def test_a_bounce_longer_than_declared_is_found(bounces_ms: float, grade: Grade) -> None:
    finding = only("bounce", measured(stroke(8, bounces_ms)))
    assert finding.grade is grade
    assert ('write `chatter = "' in finding.advice) is (grade is Grade.FAIL)
