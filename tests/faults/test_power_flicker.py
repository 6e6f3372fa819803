"""
The flicker: several interruptions in a row, each as long as it was asked for.
"""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from harness.errors import DeviceError, Refused, UsageError
from harness.faults.power_flicker import PowerFlicker
from harness.model.instant import Instant
from harness.model.undo import Undo
from harness.protocols import Strike
from tests.faults.batteries import Cast, carried_out, play, spec_of
from tests.faults.supplies import DELAY_NS, Meter, Switch, supplied


def flicker(roles: Cast, **config: Any) -> PowerFlicker:
    """
    Three interruptions of 100 ms, with 50 ms in between; or what is said instead.
    """
    return PowerFlicker(spec_of(PowerFlicker, "power", **{"off_s": 0.1, "on_s": 0.05, **config}), roles)


def carry_out(
    switch: Switch | None = None, *, reading_s: float = 0.002, **config: Any
) -> tuple[Strike, Instant | None, Instant, Switch]:
    """
    A flicker from beginning to end.
    """
    roles, switch = supplied(switch)
    roles.get("meter", Meter).period_s = reading_s
    done: list[Any] = []

    async def main() -> None:
        done.extend(await carried_out(flicker(roles, **config), anyio.sleep_forever))

    play(main)
    return done[0], done[1], done[2], switch


def test_it_goes_off_and_on_as_often_as_asked() -> None:
    *_, switch = carry_out()
    assert switch.rhythm == [(0, False), (100, True), (150, False), (250, True), (300, False), (400, True)]
    *_, switch = carry_out(times=1)
    assert switch.rhythm == [(0, False), (100, True)]


def test_its_first_interruption_is_its_effect_and_its_last_its_removal() -> None:
    strike, effective, removed, switch = carry_out()
    assert effective is not None
    assert effective.holds(switch.strokes[0][0] + DELAY_NS)
    assert effective.latest_ns < switch.strokes[1][0]
    assert strike.removal_commanded == Instant.exactly(switch.strokes[-1][0])
    assert removed.holds(switch.strokes[-1][0] + DELAY_NS)


def test_an_effect_that_was_seen_late_may_be_as_old_as_the_command() -> None:
    # Readings of 130 ms see the first interruption by chance only.
    strike, effective, _, switch = carry_out(reading_s=0.13, times=5)
    assert effective is not None
    assert effective.latest_ns > switch.strokes[2][0]
    assert effective.earliest_ns <= switch.strokes[0][0]
    assert strike.hold_up is None


def test_what_undoes_it_and_what_it_strikes_is_known_before() -> None:
    fault = flicker(supplied()[0], times=2)
    assert fault.undo == (Undo(device="mains", action="on"),)
    assert fault.strikes == (("mains", 0.1, 2),)
    steps = [(0.0, "mains off"), (0.1, "mains on"), (pytest.approx(0.15), "mains off"), (0.25, "mains on")]
    assert fault.plan() == steps
    assert fault.levels_v == (3.0, 4.5)


@pytest.mark.parametrize("call", range(1, 7))
@pytest.mark.parametrize("after", [False, True])
def test_whichever_stroke_fails_it_is_fed_in_the_end(call: int, after: bool) -> None:
    switch = Switch(call, after=after)
    if call == 6:
        carry_out(switch)  # the last one restores, and is insisted on
    else:
        with pytest.raises(DeviceError):
            carry_out(switch)
    assert switch.strokes[-1][1] is True


def test_a_stroke_that_hangs_is_the_benchs_trouble() -> None:
    switch: Any = Switch()
    on = switch.on

    async def hang_once() -> Instant:
        switch.on = on
        await anyio.sleep_forever()
        raise AssertionError

    switch.on = hang_once
    with pytest.raises(DeviceError, match="mains: did not answer within 2 s"):
        carry_out(switch)
    assert switch.strokes[-1][1] is True


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"times": 0}, "times: must be at least 1"),
        ({"off_s": 0.0}, "off: must be more than 0"),
        ({"on_s": -1.0}, "on: must be more than 0"),
    ],
)
def test_an_impossible_flicker_is_the_callers_mistake(config: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        flicker(supplied()[0], **config)


def test_it_keeps_the_switchs_dwell_in_between() -> None:
    slow = Switch()
    slow.min_on_s = 1.0
    with pytest.raises(Refused, match=r"mains must stay on for 1 s at least, not 0\.05 s"):
        flicker(supplied(slow)[0])
    assert flicker(supplied(slow)[0], times=1).plan()


def test_its_length_follows_from_its_pattern() -> None:
    with pytest.raises(UsageError, match="for: a flicker's length follows"):
        PowerFlicker(spec_of(PowerFlicker, "power", for_s=1.0), supplied()[0])
