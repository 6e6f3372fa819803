"""
The guard refuses, each time with one sentence that says what and why; what it cannot tell it refuses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from harness import clock
from harness.assemble import Opening, assembled
from harness.engine.guard import Guard
from harness.engine.odometer import Odometer
from harness.errors import Exit, Refused
from harness.model.drill import BlastRadius, DrillSpec
from harness.model.environment import PRODUCTION
from harness.model.rig import InterlockSpec, RigSpec
from tests.benches import drill, fault, rig, two_duts


def refusal(spec: DrillSpec, bench: RigSpec) -> str:
    """
    Why a drill is not admitted to a rig; empty when it is.
    """
    told = ""

    async def main() -> None:
        nonlocal told
        async with assembled(bench, opening=Opening.CHECK) as opened:
            try:
                Guard(bench).admit(spec, opened)
            except Refused as refused:
                told = str(refused)

    clock.run(main, virtual=True)
    return told


# --- before a run -----------------------------------------------------------------------------------------------------


def environment(here: str, *allowed: str) -> str:
    """
    Why a drill that allows some environments is not admitted to a rig in another one.
    """
    return refusal(drill(blast_radius=BlastRadius(environments=allowed)), rig(environment=here))


def test_production_is_refused_unless_the_drill_names_it() -> None:
    assert PRODUCTION == "production"
    assert environment("production").startswith(
        "this is 'production', and power-outage.toml does not name it in blast_radius.environments; say so there"
    )
    assert environment("production", "production") == ""


@pytest.mark.parametrize(
    "here", ["PROD", "Production", " production", "prod", "prd", "eu-live-2", "prodction", "preprod"]
)
def test_what_may_be_meant_to_be_production_is_refused_unless_the_drill_names_it(here: str) -> None:
    assert "power-outage.toml does not name it in blast_radius.environments" in environment(here)
    assert environment(here, "staging") != ""
    assert environment(here, here.upper()) == ""
    with pytest.raises(Refused, match="`--look-only`"):
        Guard(rig(environment=here)).admit_audit()


@pytest.mark.parametrize("here", ["staging", "lab", "sim", "ci", "delivery", "alive"])
def test_an_environment_of_ones_own_needs_no_permission(here: str) -> None:
    assert environment(here) == ""


def test_a_name_that_only_counts_as_production_says_so() -> None:
    assert environment("PrOd").startswith("this is 'PrOd', which counts as production, and power-outage.toml does not")
    assert environment("PRODUCTION").startswith("this is 'PRODUCTION', and power-outage.toml does not")
    assert environment("prod", "production") == "this is 'prod', and power-outage.toml may run in production only"


@pytest.mark.parametrize(
    ("here", "allowed", "is_admitted"), [("lab", "lab", 1), ("sim", "lab", 0), ("production", "lab", 0)]
)
def test_a_drill_that_names_environments_runs_in_those_only(here: str, allowed: str, is_admitted: int) -> None:
    assert environment(here, allowed) == (
        "" if is_admitted else f"this is '{here}', and power-outage.toml may run in lab only"
    )


def test_a_role_outside_the_blast_radius_is_refused() -> None:
    radius = BlastRadius(roles=("links.fibre", "battery"))
    assert refusal(drill(blast_radius=radius), rig()) == "'power' is outside the blast radius (links.fibre, battery)"
    assert refusal(drill(blast_radius=BlastRadius(roles=("power",))), rig()) == ""


def test_more_duts_than_the_blast_radius_are_refused() -> None:
    both = drill([fault(), fault(role="twin.power")], blast_radius=BlastRadius(duts=1))
    assert refusal(both, two_duts()) == "it would touch 2 DUTs (edge, twin); the blast radius is 1"
    assert refusal(replace(both, blast_radius=BlastRadius(duts=2)), two_duts()) == ""


def test_a_fault_that_touches_nothing_is_outside_no_blast_radius() -> None:
    assert refusal(drill([fault("noop")], blast_radius=BlastRadius(roles=("nothing",))), rig()) == ""


BOTH = (InterlockSpec(devices=("mains", "twin_mains")),)


@pytest.mark.parametrize(("at_s", "is_admitted"), [(0.1, False), (0.39, False), (0.4, True), (5.0, True)])
def test_an_interlock_is_seen_in_the_plan(at_s: float, is_admitted: bool) -> None:
    # The first one strikes from 0.1 s to 0.4 s.
    spec = drill([fault(), fault(role="twin.power", at_s=at_s)])
    told = "interlock: mains and twin_mains at the same time; at most 1 may be struck"
    assert refusal(spec, two_duts(interlocks=BOTH)) == ("" if is_admitted else told)


@pytest.mark.parametrize(("at_s", "is_admitted"), [(0.2, False), (1.0, True)])
def test_a_flickers_length_is_in_the_plan(at_s: float, is_admitted: bool) -> None:
    # Off and on at 0.1 s, off from 0.2 s to 0.3 s.
    flicker = fault("power_flicker", times=2, off_s=0.05, on_s=0.05)
    spec = drill([flicker, fault(role="twin.power", at_s=at_s)])
    assert (refusal(spec, two_duts(interlocks=BOTH)) == "") is is_admitted


def test_two_faults_on_one_device_at_the_same_time_are_refused() -> None:
    told = "mains would be struck by two faults at the same time"
    assert refusal(drill([fault(), fault(at_s=0.2)]), rig()) == told
    assert refusal(drill([fault(), fault(at_s=0.4)]), rig()) == ""


def test_a_pulse_below_the_switchs_floor_is_refused() -> None:
    told = (
        "mains cannot make an interruption of 5 ms honestly: "
        "its floor is 20 ms (declared, never measured: run `crashbench doctor`)"
    )
    assert refusal(drill([fault(for_s=0.005)]), rig()) == told


def test_an_off_time_below_the_dwell_is_refused() -> None:
    told = "mains must stay off for 1 s at least, not 0.3 s"
    assert refusal(drill(), rig(relay={"min_off_s": 1.0})) == told


def test_a_refusal_has_an_exit_code_of_its_own() -> None:
    assert Refused("no").exit_code == Exit.REFUSED == 4


# --- before a strike --------------------------------------------------------------------------------------------------


@dataclass
class Switch:
    """
    What the guard asks of a switch.
    """

    name: str = "mains"
    min_on_s: float = 0.0
    min_off_s: float = 0.0
    min_pulse_s: float = 0.0
    cycles_per_hour: int = 1000
    contact_life: int | None = None


class Strikes:
    """
    What the guard asks of a fault: one off-time, some strokes, on some devices.
    """

    def __init__(self, *devices: str, off_s: float = 1.0, count: int = 1) -> None:
        self.strikes = tuple((device, off_s, count) for device in devices or ("mains",))


def at_strikes(
    *steps: Callable[[Guard, Any], None] | float,
    switch: Switch | None = None,
    odometer: Odometer | None = None,
    **changes: Any,
) -> str:
    """
    Why the last of some steps is refused, each after the last or after a wait (seconds); empty when none is.
    """
    told = ""
    switches = [switch or Switch(), Switch("heater")]

    async def main() -> None:
        nonlocal told
        guard = Guard(rig(**changes), odometer)
        try:
            for step in steps:
                if isinstance(step, float):
                    await anyio.sleep(step)
                else:
                    assert not told
                    step(guard, switches)
        except Refused as refused:
            told = str(refused)
            assert step is steps[-1]

    clock.run(main, virtual=True)
    return told


def strike(*devices: str, **values: Any) -> Callable[[Guard, Any], None]:
    """
    A step that strikes.
    """
    return lambda guard, switches: guard.strike(Strikes(*devices, **values), switches)  # type: ignore[arg-type]


def release(*devices: str) -> Callable[[Guard, Any], None]:
    """
    A step that releases.
    """
    return lambda guard, _: guard.released(Strikes(*devices))  # type: ignore[arg-type]


def test_a_switch_must_have_fed_for_its_dwell() -> None:
    slow = Switch(min_on_s=5.0)
    assert at_strikes(strike(), 1.0, release(), 5.0, strike(), switch=slow) == ""
    told = "mains was fed for 4.9 s only; it must be for 5 s"
    assert at_strikes(strike(), 1.0, release(), 4.9, strike(), switch=slow) == told


def test_cycles_are_counted_over_an_hour() -> None:
    tired = Switch(cycles_per_hour=3)
    twice = (strike(count=2), release())
    assert at_strikes(*twice, strike(), switch=tired) == ""
    told = "mains may cycle 3 times an hour, and has done 2"
    assert at_strikes(*twice, strike(count=2), switch=tired) == told
    assert at_strikes(*twice, 3600.001, strike(count=2), switch=tired) == ""


def test_cycles_are_counted_over_runs(tmp_path: Path) -> None:
    def again(guard: Guard, switches: Any) -> None:
        guard.strike(Strikes(), switches)  # type: ignore[arg-type]

    tired, path = Switch(cycles_per_hour=2), tmp_path / "log"
    assert at_strikes(again, release(), again, switch=tired, odometer=Odometer(path, "boot")) == ""
    told = "mains may cycle 2 times an hour, and has done 2"
    assert at_strikes(again, switch=tired, odometer=Odometer(path, "boot")) == told


def test_a_worn_contact_is_refused_and_its_cure_is_told() -> None:
    worn, odometer = Switch(contact_life=10), Odometer(None)
    odometer.count("mains", 8)
    assert at_strikes(strike(count=2), release(), switch=worn, odometer=odometer) == ""
    assert at_strikes(strike(), switch=worn, odometer=odometer) == (
        "mains has done 10 of the 10 strokes that its contact lasts, and this needs 1; "
        "replace it, and say so by `crashbench doctor --replaced mains`"
    )


def test_what_has_no_contact_never_wears_out() -> None:
    odometer = Odometer(None)
    odometer.count("mains", 10**9)
    assert at_strikes(strike(), switch=Switch(cycles_per_hour=10**10), odometer=odometer) == ""


def test_a_strike_is_on_the_odometer_before_it_is_made_and_a_refused_one_never() -> None:
    odometer = Odometer(None)
    assert at_strikes(strike(count=3), odometer=odometer) == ""
    assert odometer.total("mains") == 3
    assert at_strikes(strike(off_s=0.001), switch=Switch(min_pulse_s=1.0), odometer=odometer) != ""
    assert odometer.total("mains") == 3


def test_an_audits_stroke_may_be_of_any_length_and_keeps_all_the_rest() -> None:
    def stroke(guard: Guard, switches: Any) -> None:
        guard.stroke(switches[0])

    def rested(guard: Guard, switches: Any) -> None:
        guard.rested(switches[0])

    slow = Switch(min_pulse_s=1.0, min_on_s=5.0)
    assert at_strikes(stroke, rested, 5.0, stroke, switch=slow) == ""
    assert at_strikes(stroke, rested, 4.0, stroke, switch=slow).startswith("mains was fed for 4 s only")
    assert at_strikes(stroke, stroke).startswith("mains would be struck by two faults")
    assert at_strikes(stroke, rested, stroke, switch=Switch(cycles_per_hour=1)).startswith("mains may cycle 1 times")
    lock = (InterlockSpec(devices=("mains", "heater")),)
    assert at_strikes(strike("heater"), stroke, interlocks=lock).startswith("interlock: heater and mains")


def test_an_audit_is_refused_in_production_only() -> None:
    with pytest.raises(Refused, match="look without a stroke by `--look-only`"):
        Guard(rig(environment="production")).admit_audit()
    Guard(rig(environment="staging")).admit_audit()


def test_a_device_that_is_struck_is_not_struck_again() -> None:
    told = "mains would be struck by two faults at the same time"
    assert at_strikes(strike(), 9.0, strike()) == told
    assert at_strikes(strike(), 9.0, release(), strike()) == ""


def test_an_interlock_holds_when_it_comes_to_it() -> None:
    lock = (InterlockSpec(devices=("mains", "heater")),)
    told = "interlock: heater and mains at the same time; at most 1 may be struck"
    assert at_strikes(strike(), strike("heater"), interlocks=lock) == told
    assert at_strikes(strike(), release(), strike("heater"), interlocks=lock) == ""
    assert at_strikes(strike("mains", "heater"), interlocks=lock) == told


def test_a_refused_strike_counts_for_nothing() -> None:
    def refused(guard: Guard, switches: Any) -> None:
        with pytest.raises(Refused):
            strike("heater", off_s=0.001)(guard, [Switch("heater", min_pulse_s=1.0)])

    assert at_strikes(refused, strike("heater")) == ""


def test_what_is_no_switch_has_neither_dwell_nor_pulse() -> None:
    assert at_strikes(strike("link", off_s=0.0, count=9999), release("link"), strike("link", off_s=0.0)) == ""


def test_a_floor_that_was_measured_goes_before_a_better_one_that_is_declared(tmp_path: Path) -> None:
    strokes = Odometer(tmp_path / "strokes.log")
    boasting = Switch(min_pulse_s=0.007)
    assert at_strikes(strike(off_s=0.010), switch=boasting, odometer=strokes) == ""
    strokes.floors.note("mains", 0.020)
    again = Odometer(tmp_path / "strokes.log")
    told = (
        "mains cannot make an interruption of 10 ms honestly: its floor was measured to be 20 ms (`crashbench doctor`)"
    )
    assert at_strikes(strike(off_s=0.010), switch=boasting, odometer=again) == told
    assert at_strikes(strike(off_s=0.020), switch=boasting, odometer=again) == ""
    modest = Switch(min_pulse_s=0.030)
    assert "its floor is 30 ms (declared; `crashbench doctor` measured no longer one)" in at_strikes(
        strike(off_s=0.020), switch=modest, odometer=again
    )
