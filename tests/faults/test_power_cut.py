"""
The cut: off and on, proven by the rail, and fed again whatever happened in between.
"""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import clock
from harness.errors import DeviceError, NotProven, UsageError
from harness.faults.power_cut import PowerCut
from harness.insist import ATTEMPTS
from harness.model.instant import Instant, Span
from harness.model.reading import Flag
from harness.model.undo import Undo
from harness.protocols import Strike
from tests.faults.batteries import Cast, S, carried_out, play, spec_of
from tests.faults.supplies import DELAY_NS, MS, Meter, Switch, supplied


def cut(roles: Cast, for_s: float | None = 0.3, **config: Any) -> PowerCut:
    """
    A cut of 0.3 s.
    """
    return PowerCut(spec_of(PowerCut, "power", for_s=for_s, **config), roles)


def carry_out(switch: Switch | None = None, **config: Any) -> tuple[Strike, Instant | None, Instant, Switch]:
    """
    A cut from beginning to end.
    """
    roles, switch = supplied(switch)
    done: list[Any] = []

    async def main() -> None:
        done.extend(await carried_out(cut(roles, **config), anyio.sleep_forever))

    play(main)
    return done[0], done[1], done[2], switch


class Chattering(Switch):
    """
    One whose contact touches once more, 5 ms to 8 ms after it has first moved.
    """

    def volts(self, at_ns: int) -> float:
        after_ns = at_ns - self.strokes[-1][0] - DELAY_NS if self.strokes else 0
        return super().volts(at_ns) if not 5 * MS <= after_ns < 8 * MS else 5.0 - super().volts(at_ns)


def test_it_goes_off_and_on_again() -> None:
    *_, switch = carry_out()
    assert switch.rhythm == [(0, False), (300, True)]


def test_its_effect_and_its_removal_are_what_the_rail_shows() -> None:
    strike, effective, removed, switch = carry_out()
    (off_ns, _), (on_ns, _) = switch.strokes
    assert strike.commanded == Instant.exactly(off_ns)
    assert strike.removal_commanded == Instant.exactly(on_ns)
    assert effective is not None
    assert effective.holds(off_ns + DELAY_NS)
    assert removed.holds(on_ns + DELAY_NS)
    # Two readings of 2 ms, and the contact's chatter of 1 ms twice over.
    assert max(effective.width_ns, removed.width_ns) <= 6 * MS
    assert strike.hold_up is not None
    assert strike.hold_up.holds(0)


def test_a_contact_that_is_seen_to_chatter_for_longer_than_declared_has_not_moved_for_good() -> None:
    _, effective, removed, switch = carry_out(Chattering())
    (off_ns, _), (on_ns, _) = switch.strokes
    assert effective is not None
    assert effective.holds(off_ns + DELAY_NS + 8 * MS)
    assert removed.holds(on_ns + DELAY_NS + 8 * MS)


def test_what_undoes_it_and_what_it_strikes_is_known_before() -> None:
    fault = cut(supplied()[0])
    assert fault.undo == (Undo(device="mains", action="on"),)
    assert fault.strikes == (("mains", 0.3, 1),)
    assert fault.plan() == [(0.0, "mains off"), (0.3, "mains on, once the rail has discharged")]
    assert fault.expects_loss


def test_its_levels_are_the_duts_brown_out_and_nine_tenths_of_nominal() -> None:
    assert cut(supplied()[0]).levels_v == (3.0, 4.5)
    assert cut(supplied()[0], effective_below_v=1.0, removed_above_ratio=0.5).levels_v == (1.0, 2.5)


def test_it_must_be_told_for_how_long_in_one_way() -> None:
    with pytest.raises(UsageError, match="for: missing"):
        cut(supplied()[0], for_s=None)
    with pytest.raises(UsageError, match="for: give either `for` or `off_dwell`"):
        cut(supplied()[0], off_dwell_s=0.1)


@pytest.mark.parametrize(
    ("config", "key"),
    [
        ({"off_dwell_s": 0.0}, "off_dwell"),
        ({"discharged_below_ratio": 0.0}, "discharged_below"),
        ({"discharged_below_ratio": 1.0}, "discharged_below"),
    ],
)
def test_what_makes_no_sense_is_told_by_its_key(config: dict[str, Any], key: str) -> None:
    with pytest.raises(UsageError) as caught:
        cut(supplied()[0], **config)
    assert caught.value.key == key


def test_a_rail_that_stays_up_is_told_of() -> None:
    strike, effective, removed, switch = carry_out(Switch(is_welded=True))
    assert effective is None
    assert strike.why_not().startswith("the supply was commanded off, but 'monitor' read 5.00 V: welded contact")
    # Up when it was looked for, after the contact had moved: if it ever fell, it rose in between.
    assert removed.holds(switch.strokes[1][0])
    assert removed.latest_ns >= switch.strokes[1][0] + round(switch.min_pulse_s * S)


# --- until the rail has discharged ------------------------------------------------------------------------------------


def test_it_is_not_restored_before_the_rail_was_seen_discharged() -> None:
    # The rail falls to 1 V after 5 ms, and to nothing 800 ms later.
    strike, effective, _, switch = carry_out(Switch(hold_ms=800))
    assert effective is not None
    assert effective.holds(switch.strokes[0][0] + DELAY_NS)
    discharged_ms, until_ms = 805, switch.rhythm[1][0]
    assert discharged_ms <= until_ms <= discharged_ms + 4
    assert strike.hold_up is not None


@given(st.integers(0, 500), st.integers(20, 500))
@settings(max_examples=30)
def test_it_lasts_as_long_as_asked_or_until_the_discharge_whichever_is_later(hold_ms: int, for_ms: int) -> None:
    *_, switch = carry_out(Switch(hold_ms=hold_ms), for_s=for_ms / 1000)
    least_ms = max(for_ms, 5 + hold_ms)
    assert least_ms <= switch.rhythm[1][0] <= least_ms + 4


@pytest.mark.parametrize(("discharged_below_ratio", "is_held"), [(0.1, True), (0.3, False)])
def test_a_rail_that_something_else_holds_up_is_fed_again_and_proves_nothing(
    discharged_below_ratio: float, is_held: bool
) -> None:
    switch = Switch(held_v=1.2)
    if not is_held:
        carry_out(switch, discharged_below_ratio=discharged_below_ratio)
        assert switch.rhythm[-1] == (300, True)
        return
    with pytest.raises(NotProven) as caught:
        carry_out(switch, prove_s=2.0, discharged_below_ratio=discharged_below_ratio)
    assert str(caught.value) == (
        "'monitor' read 1.20 V after 2.3 s off, not below 0.50 V: the rail did not discharge: back-powered, or too "
        "short a wait"
    )
    assert switch.rhythm[-1] == (2300, True)


def test_a_rail_that_is_held_above_its_brown_out_is_told_from_a_welded_contact() -> None:
    async def main() -> None:
        async with cut(supplied(Switch(held_v=3.3))[0]).inject() as strike:
            with anyio.move_on_after(1.0):
                await strike.effective()
            assert strike.why_not().endswith("'monitor' read 3.30 V: back-powered, or too short a cut?")

    play(main)


# --- or an off-dwell instead ------------------------------------------------------------------------------------------


@given(st.integers(20, 500), st.integers(0, 300))
@settings(max_examples=30)
def test_an_off_dwell_counts_from_the_rails_fall_discharged_or_not(dwell_ms: int, hold_ms: int) -> None:
    _, effective, removed, switch = carry_out(
        Switch(held_v=2.0, hold_ms=hold_ms), for_s=None, off_dwell_s=dwell_ms / 1000
    )
    assert effective is not None
    # A sleep may be late by the tick that its seconds are rounded to.
    assert 0 <= switch.strokes[-1][0] - (effective.latest_ns + dwell_ms * MS) <= 2
    assert Span.between(effective, removed).holds(switch.strokes[-1][0] - switch.strokes[0][0])


def test_an_off_dwell_that_never_begins_ends_with_the_patience_for_it() -> None:
    strike, effective, _, switch = carry_out(Switch(is_welded=True), for_s=None, off_dwell_s=0.1, prove_s=2.0)
    assert effective is None
    assert switch.rhythm == [(0, False), (2000, True)]
    assert "welded contact" in strike.why_not()


def test_what_an_off_dwell_would_do_is_said_before() -> None:
    fault = cut(supplied()[0], for_s=None, off_dwell_s=0.4)
    assert fault.plan() == [(0.0, "mains off"), (0.4, "mains on, 0.4 s after the rail's fall")]
    assert fault.strikes == (("mains", 0.4, 1),)


# --- whatever happens -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [False, True])
def test_an_off_that_fails_is_followed_by_an_on(after: bool) -> None:
    switch = Switch(1, after=after)
    with pytest.raises(DeviceError):
        carry_out(switch)
    assert switch.strokes[-1][1] is True


@pytest.mark.parametrize("failures", range(1, ATTEMPTS))
def test_an_on_that_fails_is_insisted_on(failures: int) -> None:
    strike, *_, switch = carry_out(Switch(*range(2, 2 + failures), after=True))
    assert switch.strokes[-1][1] is True
    # The first attempt may have acted.
    assert strike.removal_commanded is not None
    assert strike.removal_commanded.earliest_ns == switch.strokes[1][0]
    assert strike.removal_commanded.latest_ns == switch.strokes[-1][0]


def test_an_on_that_never_works_comes_out() -> None:
    switch = Switch(*range(2, 99))
    with pytest.raises(DeviceError):
        carry_out(switch)
    assert switch.calls == 1 + ATTEMPTS


def test_a_body_that_fails_or_is_cancelled_leaves_it_fed() -> None:
    async def fail(switch: Switch, roles: Cast) -> None:
        with pytest.raises(KeyError):
            async with cut(roles).inject():
                raise KeyError("a bug")
        assert switch.rhythm == [(0, False), (0, True)]

    async def leave(switch: Switch, roles: Cast) -> None:
        with anyio.move_on_after(0.1):
            async with cut(roles).inject() as strike:
                await strike.last()
        assert switch.strokes[-1][1] is True

    for body in (fail, leave):
        roles, switch = supplied()
        clock.run(body, switch, roles, virtual=True)


@pytest.mark.parametrize("flag", [Flag.NACK, Flag.RESET])
def test_without_a_reading_nothing_is_touched(flag: Flag) -> None:
    async def main() -> None:
        roles, switch = supplied(flag=flag)
        with pytest.raises(NotProven, match=rf"'monitor' gave no reading \({flag}\) before anything was done"):
            async with cut(roles).inject():
                raise AssertionError
        assert switch.strokes == []

    play(main)


def test_a_rail_that_is_down_already_is_not_cut() -> None:
    async def main() -> None:
        roles, switch = supplied()
        await switch.off()
        await anyio.sleep(0.1)
        with pytest.raises(NotProven, match=r"'monitor' read 0\.00 V before anything was done"):
            async with cut(roles).inject():
                raise AssertionError
        assert switch.calls == 1

    play(main)


def test_a_removal_that_nobody_sees_is_not_proven() -> None:
    async def main() -> None:
        roles, _ = supplied()
        meter = roles.get("meter", Meter)
        async with cut(roles, prove_s=2.0).inject() as strike:
            await strike.effective()
            meter.flag = Flag.STALE
        left_ns = clock.now_ns()
        with pytest.raises(
            NotProven, match=r"mains: the supply was commanded on, but 'monitor' gave no reading \(stale\)"
        ):
            await strike.removed()
        assert clock.now_ns() - left_ns == 2 * S

    play(main)


def test_a_meter_that_hangs_is_the_benchs_trouble() -> None:
    async def main() -> None:
        roles, switch = supplied()
        roles.get("meter", Meter).read = lambda _: anyio.sleep_forever()
        with pytest.raises(DeviceError, match=r"monitor: did not answer within 2\.008 s"):
            async with cut(roles).inject():
                raise AssertionError
        assert switch.strokes == []

    play(main)
