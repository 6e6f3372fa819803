"""
Nothing is left dark: each call of a run to its devices fails in turn, the 1st, 2nd, … until none is left to fail.

After every one the DUT has its power, or the run ended in UNRESTORED, naming the relay. As littlefs does with power.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from harness.errors import DeviceError
from harness.model.drill import DrillSpec
from harness.model.rig import RigSpec
from harness.model.verdict import Verdict
from tests.benches import FED_V, Played, drill, fault, play, probe, rig, two_duts
from tests.failing import WAYS, FailsAt

# Which relay feeds which rail.
RELAYS = {"main": "mains", "twin": "twin_mains"}


def runs(spec: DrillSpec, bench: RigSpec, way: str, *, for_good: bool = False) -> Iterator[tuple[FailsAt, Played]]:
    """
    A run for each call that can fail; at least a few, else nothing would be shown.
    """
    for nth in itertools.count(1):
        failing = FailsAt(nth, way, for_good=for_good)
        played = play(spec, bench, wrap=failing)
        if not failing.was_reached:
            # Each device was opened, and closed, and something was asked of some in between.
            assert nth > 2 * len(bench.devices) + 4
            return
        yield failing, played


def dark(failing: FailsAt, played: Played) -> str:
    """
    What is wrong with how a run left its DUTs, if anything.
    """
    if played.error is not None and not isinstance(played.error, DeviceError):
        return f"a bug: {played.error!r}"
    in_the_dark = {RELAYS[rail] for rail, volts in played.rails_v.items() if volts <= FED_V}
    if not in_the_dark <= set(played.cried.split(", ")):
        return f"left in the dark at {played.rails_v}, and it cried '{played.cried}'"
    if in_the_dark:
        return ""
    if not played.cried and not played.pending.is_clean:
        return f"fed, and still to be undone: {played.pending}"
    # A service that never answers again cannot be told from a DUT that does not.
    if played.verdict is Verdict.DEVIATED and failing.call != "request":
        return "the bench failed, and the DUT was blamed"
    return ""


# A unit that boots at once and a slow meter keep the runs short; the probes ask seldom, for each question is a call.
QUICK = {"unit": {"boot_s": 0.1}, "meter": {"conversion_s": 8.244e-3}}
SHORT = {"settle_s": 2.0, "watch_s": 1.0, "hold_s": 0.1}
ASKED = (probe(period_s=0.25, timeout_s=0.2), probe("power_draw", period_s=0.5, timeout_s=0.4, max_a=1.0))
BOTH = (ASKED[0], probe(role="twin.probes.health", period_s=0.25, timeout_s=0.2))
DRILLS = {
    "a cut": (drill(probes=ASKED, **SHORT), rig(**QUICK)),
    "a flicker": (drill([fault("power_flicker", times=2, off_s=0.1, on_s=0.05)], ASKED, **SHORT), rig(**QUICK)),
    "two cuts": (drill([fault(), fault(role="twin.power", at_s=0.15)], BOTH, **SHORT), two_duts(**QUICK)),
}


@pytest.mark.parametrize(
    "for_good", [pytest.param(False, id="once"), pytest.param(True, id="for good", marks=pytest.mark.long)]
)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("spec", "bench"), DRILLS.values(), ids=DRILLS)
def test_whichever_call_fails_the_dut_is_fed_or_the_relay_is_named(
    spec: DrillSpec, bench: RigSpec, way: str, for_good: bool
) -> None:
    for failing, played in runs(spec, bench, way, for_good=for_good):
        assert not dark(failing, played), f"{failing}: {dark(failing, played)}"
