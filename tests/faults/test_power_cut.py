"""
The cut: off and on, proven by the rail, and fed again whatever happened in between.
"""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from harness import clock
from harness.errors import DeviceError, NotProven, UsageError
from harness.faults.power_cut import PowerCut
from harness.insist import ATTEMPTS
from harness.model.instant import Instant
from harness.model.reading import Flag
from harness.model.undo import Undo
from harness.protocols import Strike
from tests.faults.batteries import Cast, S, carried_out, play, spec_of
from tests.faults.supplies import DELAY_NS, MS, Meter, Switch, supplied


def cut(roles: Cast, for_s: float = 0.3, **config: Any) -> PowerCut:
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


def test_what_undoes_it_and_what_it_strikes_is_known_before() -> None:
    fault = cut(supplied()[0])
    assert fault.undo == (Undo(device="mains", action="on"),)
    assert fault.strikes == (("mains", 0.3, 1),)
    assert fault.plan() == [(0.0, "mains off"), (0.3, "mains on")]
    assert fault.expects_loss


def test_its_levels_are_the_duts_brown_out_and_nine_tenths_of_nominal() -> None:
    assert cut(supplied()[0]).levels_v == (3.0, 4.5)
    assert cut(supplied()[0], effective_below_v=1.0, removed_above_ratio=0.5).levels_v == (1.0, 2.5)


def test_it_must_be_told_for_how_long() -> None:
    with pytest.raises(UsageError, match="for: missing"):
        PowerCut(spec_of(PowerCut, "power"), supplied()[0])


def test_a_rail_that_stays_up_is_told_of() -> None:
    strike, effective, removed, switch = carry_out(Switch(is_welded=True))
    assert effective is None
    assert strike.why_not().startswith("the supply was commanded off, but 'monitor' read 5.00 V: welded contact")
    # Up when it was looked for, after the contact had moved: if it ever fell, it rose in between.
    assert removed.holds(switch.strokes[1][0])
    assert removed.latest_ns >= switch.strokes[1][0] + round(switch.min_pulse_s * S)


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
        roles.get("meter", Meter).read = anyio.sleep_forever
        with pytest.raises(DeviceError, match=r"monitor: did not answer within 2\.008 s"):
            async with cut(roles).inject():
                raise AssertionError
        assert switch.strokes == []

    play(main)
