"""
The dip: interrupted by the host or by the switch itself, and whatever a switch cannot do refused with what it needs.
"""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import clock
from harness.errors import DeviceError, Refused, UsageError
from harness.faults.supply_dip import SupplyDip
from harness.model.instant import Instant, Span
from harness.model.undo import Undo
from harness.protocols import Strike
from tests.faults.batteries import Cast, carried_out, play, spec_of
from tests.faults.supplies import DELAY_NS, MS, Switch, supplied


class SelfTiming(Switch):
    """
    A switch that times an interruption by itself.
    """

    async def interrupt(self, off_s: float) -> tuple[Instant, Instant]:
        off = await self.off()
        await anyio.sleep(off_s)
        return off, await self.on()


def dip(roles: Cast, for_s: float | None = None, **config: Any) -> SupplyDip:
    """
    An interruption of 0.3 s; or what is said instead.
    """
    return SupplyDip(spec_of(SupplyDip, "power", for_s, **{"off_s": 0.3, **config}), roles)


def carry_out(switch: Switch | None = None, **config: Any) -> tuple[Strike, Instant | None, Instant, Switch]:
    """
    A dip from beginning to end.
    """
    roles, switch = supplied(switch)
    done: list[Any] = []

    async def main() -> None:
        done.extend(await carried_out(dip(roles, **config), anyio.sleep_forever))

    play(main)
    return done[0], done[1], done[2], switch


@pytest.mark.parametrize("kind", [Switch, SelfTiming])
@given(off_ms=st.integers(20, 400))
@settings(max_examples=20)
def test_what_is_measured_holds_what_the_rail_did(kind: type[Switch], off_ms: int) -> None:
    strike, effective, removed, switch = carry_out(kind(), off_s=off_ms / 1000)
    (off_ns, _), (on_ns, _), *_ = switch.strokes
    assert (on_ns - off_ns) // MS == off_ms
    assert effective is not None
    assert effective.holds(off_ns + DELAY_NS)
    assert removed.holds(on_ns + DELAY_NS)
    assert Span.between(effective, removed).holds(on_ns - off_ns)
    assert strike.removal_commanded == Instant.exactly(on_ns)
    assert strike.hold_up is None


def test_the_switch_times_by_itself_what_is_short() -> None:
    roles, _ = supplied(SelfTiming())
    assert dip(roles, off_s=0.2).plan() == [(0.0, "mains off, by itself"), (0.2, "mains on")]
    assert dip(roles, off_s=0.3).plan() == [(0.0, "mains off"), (0.3, "mains on")]
    assert dip(supplied()[0], off_s=0.2).plan() == [(0.0, "mains off"), (0.2, "mains on")]


def test_a_fall_that_comes_after_the_restore_is_still_seen() -> None:
    # The contact moves 5 ms after its command: the rail is down from 5 ms to 8 ms, and the supply was on at 3 ms.
    quick = Switch()
    quick.min_pulse_s = 0.003
    roles, switch = supplied(quick)
    roles.get("meter", object).period_s = 0.0005
    done: list[Any] = []

    async def main() -> None:
        done.extend(await carried_out(dip(roles, off_s=0.003), anyio.sleep_forever))

    play(main)
    _, effective, removed = done
    assert effective is not None
    assert effective.holds(switch.strokes[0][0] + DELAY_NS)
    assert removed.holds(switch.strokes[1][0] + DELAY_NS)


@pytest.mark.parametrize("kind", [Switch, SelfTiming])
def test_a_rail_that_stays_up_proves_nothing(kind: type[Switch]) -> None:
    strike, effective, *_ = carry_out(kind(is_welded=True))
    assert effective is None
    assert "'monitor' read 5.00 V" in strike.why_not()


@pytest.mark.parametrize(
    ("config", "needs"),
    [
        ({"residual_ratio": 0.4}, "mains can only open: to leave 40 % of the voltage needs a programmable supply"),
        ({"residual_ratio": 1.2}, "to leave 120 % of the voltage needs a programmable supply"),
        ({"path": "shorted"}, "mains leaves the unit's input open: to short it needs a changeover contact"),
        ({"side": "ac"}, "mains is not on the AC side"),
    ],
)
def test_what_a_switch_cannot_do_is_refused_with_what_it_needs(config: dict[str, Any], needs: str) -> None:
    with pytest.raises(Refused, match=needs):
        dip(supplied()[0], **config)


def test_a_dip_that_is_over_between_two_readings_is_refused_but_below_the_floor_that_is_the_better_reason() -> None:
    quick = Switch()
    quick.min_pulse_s = 0.001
    with pytest.raises(Refused, match=r"monitor cannot prove .* 5 ms: it makes a reading every 2 ms, .* takes 3"):
        dip(supplied(quick)[0], off_s=0.005)
    assert dip(supplied(quick)[0], off_s=0.006).strikes == (("mains", 0.006, 1),)
    assert dip(supplied()[0], off_s=0.005).strikes == (("mains", 0.005, 1),)


def test_what_is_known_before() -> None:
    fault = dip(supplied()[0], effective_below_ratio=0.9)
    assert fault.undo == (Undo(device="mains", action="on"),)
    assert fault.levels_v == (4.5, 4.5)
    assert fault.expects_loss is None


@pytest.mark.parametrize("kind", [Switch, SelfTiming])
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("call", [1, 2])
def test_whichever_stroke_fails_it_is_fed_in_the_end(kind: type[Switch], call: int, after: bool) -> None:
    switch = kind(call, after=after)
    with pytest.raises(DeviceError):
        carry_out(switch, off_s=0.1)
    assert not switch.strokes or switch.strokes[-1][1] is True


def test_a_dip_that_is_cancelled_is_restored() -> None:
    async def main() -> None:
        roles, switch = supplied()
        with anyio.move_on_after(0.1):
            async with dip(roles).inject() as strike:
                await strike.last()
        assert [on for _, on in switch.strokes] == [False, True]
        assert switch.rhythm[1][0] < 101

    clock.run(main, virtual=True)


@pytest.mark.parametrize(
    ("config", "key"),
    [
        ({"for_s": 1.0}, "for"),
        ({"off_s": 0.0}, "off"),
        ({"residual_ratio": -0.1}, "residual"),
        ({"effective_below_ratio": 1.0}, "effective_below"),
    ],
)
def test_what_makes_no_sense_is_told_by_its_key(config: dict[str, Any], key: str) -> None:
    with pytest.raises(UsageError) as caught:
        dip(supplied()[0], **config)
    assert caught.value.key == key
