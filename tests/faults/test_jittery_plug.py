"""
The jittery plug: drawn from a seed, never faster than it is allowed to, and in at the end.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import DeviceError, Refused, UsageError
from harness.faults.jittery_plug import JitteryPlug
from harness.protocols import Telling
from tests.faults.batteries import Cast, carried_out, play, spec_of
from tests.faults.supplies import Switch, supplied


def plug(roles: Cast, seed: int = 1, for_s: float | None = None, **config: Any) -> JitteryPlug:
    return JitteryPlug(replace(spec_of(JitteryPlug, "power", for_s, **config), seed=seed), roles)


def carry_out(switch: Switch | None = None, seed: int = 1, **config: Any) -> tuple[Any, Any, Any, Switch]:
    """
    A plug that jitters from beginning to end.
    """
    roles, switch = supplied(switch)
    done: list[Any] = []

    async def main() -> None:
        done.extend(await carried_out(plug(roles, seed, **config), anyio.sleep_forever))

    play(main)
    return done[0], done[1], done[2], switch


@given(st.integers(0, 2**32))
@settings(max_examples=60)
def test_what_is_drawn_keeps_to_what_was_asked(seed: int) -> None:
    steps = plug(supplied()[0], seed).plan()
    contacts_s = [later - earlier for (earlier, _), (later, _) in pairwise(steps)]
    out_s, *bounces_s = contacts_s
    assert out_s == 1.0
    assert len(bounces_s) % 2 == 0
    assert 5 <= len(bounces_s) // 2 <= 20
    assert 1.0 - 1e-9 <= sum(bounces_s) <= 3.0 + 1e-9
    assert min(bounces_s) >= 0.02 - 1e-9
    assert [what for _, what in steps] == ["mains off", "mains on"] * (len(steps) // 2)


def test_the_same_seed_draws_the_same_and_another_one_does_not() -> None:
    roles = supplied()[0]
    assert plug(roles, 1).plan() == plug(roles, 1).plan()
    assert plug(roles, 1).plan() != plug(roles, 2).plan()


def test_it_is_carried_out_as_planned_and_counted() -> None:
    fault = plug(supplied()[0])
    strike, effective, removed, switch = carry_out()
    assert [on for _, on in switch.rhythm] == [what == "mains on" for _, what in fault.plan()]
    for (at_ms, _), (at_s, _) in zip(switch.rhythm, fault.plan(), strict=True):
        assert at_ms == pytest.approx(1000 * at_s, abs=1.1)
    assert fault.strikes == (("mains", 0.02, sum(not on for _, on in switch.strokes)),)
    assert effective.holds(switch.strokes[0][0] + 5_000_000)
    assert removed.holds(switch.strokes[-1][0] + 5_000_000)
    assert isinstance(strike, Telling)
    assert strike.delivered.startswith(f"{fault.strikes[0][2]} interruptions in ")


def test_whichever_stroke_fails_it_is_plugged_in_at_the_end() -> None:
    for call in range(1, 8):
        switch = Switch(call, after=True)
        with pytest.raises(DeviceError):
            carry_out(switch)
        assert switch.strokes[-1][1] is True


def test_a_switch_that_must_rest_cannot_jitter() -> None:
    slow = Switch()
    slow.min_on_s = 10.0
    with pytest.raises(Refused, match="mains must stay on for 10 s at least: it cannot jitter"):
        plug(supplied(slow)[0])


@pytest.mark.parametrize(
    ("config", "key"),
    [
        ({"for_s": 1.0}, "for"),
        ({"out_s": 0.0}, "out"),
        ({"shortest_s": 0.0}, "shortest"),
        ({"bounces_least": 0}, "bounces_least"),
        ({"bounces_least": 9, "bounces_most": 8}, "bounces_least"),
        ({"lasts_most_s": 0.9}, "lasts_least"),
        ({"bounces_most": 26}, "lasts_least"),
    ],
)
def test_what_makes_no_sense_is_told_by_its_key(config: dict[str, Any], key: str) -> None:
    with pytest.raises(UsageError) as caught:
        plug(supplied()[0], **config)
    assert caught.value.key == key
