"""
Interrupted boots: each cut falls into a boot, and a boot that was over in time is told of.
"""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from harness.errors import DeviceError, NotProven, Refused, UsageError
from harness.faults.interrupted_boots import InterruptedBoots
from harness.protocols import HttpAnswer, NoAnswer
from tests.faults.batteries import Cast, carried_out, play, spec_of
from tests.faults.supplies import MS, Switch, supplied


class Unit:
    """
    A service that refuses connections, hangs, or is there at once.
    """

    name = "health"

    def __init__(self, manner: str = "refuses") -> None:
        self._manner = manner
        self.asked = 0

    async def open(self) -> None: ...

    async def aclose(self) -> None: ...

    async def request(self, method: str, path: str, body: bytes = b"") -> HttpAnswer:
        self.asked += 1
        if self._manner == "hangs":
            await anyio.sleep_forever()
        if self._manner == "refuses":
            raise NoAnswer("connection refused")
        return HttpAnswer(200, b"{}")


def boots(roles: Cast, for_s: float | None = None, **config: Any) -> InterruptedBoots:
    return InterruptedBoots(spec_of(InterruptedBoots, "power", for_s, **config), roles)


def cast(switch: Switch | None = None, manner: str = "refuses") -> tuple[Cast, Switch, Unit]:
    unit = Unit(manner)
    roles, switch = supplied(switch, probes__health=unit)
    return roles, switch, unit


def carry_out(switch: Switch | None = None, manner: str = "refuses", **config: Any) -> tuple[Any, Any, Any, Switch]:
    roles, switch, _ = cast(switch, manner)
    done: list[Any] = []

    async def main() -> None:
        done.extend(await carried_out(boots(roles, **config), anyio.sleep_forever))

    play(main)
    return done[0], done[1], done[2], switch


@pytest.mark.parametrize("manner", ["refuses", "hangs"])
@pytest.mark.parametrize("times", [1, 3, 8])
def test_so_many_boots_are_cut_and_then_it_is_left_in_peace(times: int, manner: str) -> None:
    strike, effective, removed, switch = carry_out(times=times, manner=manner)
    offs = [at_ms for at_ms, on in switch.rhythm if not on]
    ons = [at_ms for at_ms, on in switch.rhythm if on]
    assert len(offs) == len(ons) == times + 1
    assert [on - off for off, on in zip(offs, ons, strict=True)] == [pytest.approx(500, abs=1)] * (times + 1)
    # Each boot is 1 s old, counted from the rail's rise, which the meter sees 5 ms to 9 ms after the stroke.
    for on, off in zip(ons, offs[1:], strict=False):
        assert 1005 <= off - on <= 1010
    assert effective.holds(switch.strokes[0][0] + 5 * MS)
    assert removed.holds(switch.strokes[-1][0] + 5 * MS)
    assert strike.is_repeated
    assert strike.delivered.startswith(f"boots cut in a row: {times}, each 1 s after its rail was up")


def test_a_boot_that_was_over_before_the_cut_is_no_interrupted_one() -> None:
    switch = Switch()
    with pytest.raises(NotProven, match="the DUT answered 1 s into its boot: that boot cannot be cut short"):
        carry_out(switch, manner="answers")
    assert switch.strokes[-1][1] is True
    assert len(switch.strokes) == 3


def test_a_rail_that_does_not_come_back_is_told_of() -> None:
    class Stays(Switch):
        def volts(self, at_ns: int) -> float:
            return 5.0 if not self.strokes else 0.0 if at_ns > self.strokes[0][0] + 5 * MS else 5.0

    with pytest.raises(NotProven, match=r"mains was commanded on, but 'monitor' read 0\.00 V"):
        carry_out(Stays(), prove_s=1.0)


def test_a_welded_contact_is_left_to_the_strike_to_tell() -> None:
    strike, effective, _, switch = carry_out(Switch(is_welded=True), prove_s=1.0)
    assert effective is None
    assert "welded contact" in strike.why_not()
    assert [on for _, on in switch.strokes] == [False, True]
    assert strike.delivered == ""


def test_what_it_strikes_is_known_before() -> None:
    fault = boots(cast()[0], times=2)
    assert fault.strikes == (("mains", 0.5, 3),)
    assert fault.plan() == [
        (0.0, "mains off"),
        (0.5, "mains on"),
        (1.5, "mains off, 1 s into boot 1"),
        (2.0, "mains on"),
        (3.0, "mains off, 1 s into boot 2"),
        (3.5, "mains on"),
    ]


@pytest.mark.parametrize("call", range(1, 5))
def test_whichever_stroke_fails_it_is_fed_in_the_end(call: int) -> None:
    switch = Switch(call, after=True)
    with pytest.raises(DeviceError):
        carry_out(switch)
    assert switch.strokes[-1][1] is True


def test_a_switch_that_must_rest_for_longer_refuses() -> None:
    slow = Switch()
    slow.min_on_s = 10.0
    with pytest.raises(Refused, match="mains must stay on for 10 s at least, not 1 s"):
        boots(cast(slow)[0])


@pytest.mark.parametrize(
    ("config", "key"),
    [
        ({"for_s": 1.0}, "for"),
        ({"times": 0}, "times"),
        ({"off_s": 0.0}, "off"),
        ({"answer_s": 0.0}, "answer"),
        ({"after_s": 0.05}, "after"),
    ],
)
def test_what_makes_no_sense_is_told_by_its_key(config: dict[str, Any], key: str) -> None:
    with pytest.raises(UsageError) as caught:
        boots(cast()[0], **config)
    assert caught.value.key == key
