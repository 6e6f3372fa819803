"""
The sag loop: the supply fails as soon as the DUT draws, again and again.
"""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from harness.errors import DeviceError, NotProven, Refused, UsageError
from harness.faults.sag_loop import SagLoop
from tests.faults.batteries import Cast, carried_out, play, spec_of
from tests.faults.supplies import Switch, supplied


def loop(roles: Cast, for_s: float | None = None, **config: Any) -> SagLoop:
    return SagLoop(spec_of(SagLoop, "power", for_s, **config), roles)


def carry_out(switch: Switch | None = None, boots_ms: int = 40, **config: Any) -> tuple[Any, Any, Any, Switch]:
    """
    A loop from beginning to end, with a DUT that draws its current so long after its rail is up.
    """
    roles, switch = supplied(switch, boots_ms=boots_ms)
    done: list[Any] = []

    async def main() -> None:
        done.extend(await carried_out(loop(roles, **config), anyio.sleep_forever))

    play(main)
    return done[0], done[1], done[2], switch


@pytest.mark.parametrize("boots_ms", [0, 40, 700])
def test_it_is_cut_each_time_that_it_draws(boots_ms: int) -> None:
    strike, effective, removed, switch = carry_out(boots_ms=boots_ms)
    assert [on for _, on in switch.strokes] == [False, True] * 5
    at_ms = [at_ms for at_ms, _ in switch.rhythm]
    assert [on - off for off, on in zip(at_ms[::2], at_ms[1::2], strict=True)] == [pytest.approx(200, abs=1)] * 5
    for on, off in zip(at_ms[1::2], at_ms[2::2], strict=False):
        assert 5 + boots_ms <= off - on <= 5 + boots_ms + 5
    assert effective.holds(switch.strokes[0][0] + 5_000_000)
    assert removed.holds(switch.strokes[-1][0] + 5_000_000)
    assert strike.delivered == "5 interruptions, 4 of them as soon as it drew more than 0.05 A"


def test_a_unit_that_never_draws_is_told_of() -> None:
    switch = Switch()
    with pytest.raises(NotProven, match=r"mains was commanded on, for the DUT to draw more than 0\.05 A, but"):
        carry_out(switch, boots_ms=10_000, prove_s=1.0)
    assert switch.strokes[-1][1] is True


def test_the_current_may_be_named() -> None:
    with pytest.raises(NotProven, match=r"more than 0\.4 A"):
        carry_out(draws_a=0.4, prove_s=1.0)


def test_what_it_strikes_is_known_before() -> None:
    fault = loop(supplied()[0], times=2)
    assert fault.strikes == (("mains", 0.2, 2),)
    assert fault.plan() == [
        (0.0, "mains off"),
        (0.2, "mains on"),
        (0.2, "mains off, once 0.05 A are drawn"),
        (0.4, "mains on"),
    ]


@pytest.mark.parametrize("call", range(1, 6))
def test_whichever_stroke_fails_it_is_fed_in_the_end(call: int) -> None:
    switch = Switch(call, after=True)
    with pytest.raises(DeviceError):
        carry_out(switch)
    assert switch.strokes[-1][1] is True


def test_a_switch_that_must_rest_refuses() -> None:
    slow = Switch()
    slow.min_on_s = 1.0
    with pytest.raises(Refused, match="mains must stay on for 1 s at least: a sag does not wait"):
        loop(supplied(slow)[0])


@pytest.mark.parametrize(("config", "key"), [({"for_s": 1.0}, "for"), ({"times": 1}, "times"), ({"off_s": 0.0}, "off")])
def test_what_makes_no_sense_is_told_by_its_key(config: dict[str, Any], key: str) -> None:
    with pytest.raises(UsageError) as caught:
        loop(supplied()[0], **config)
    assert caught.value.key == key
