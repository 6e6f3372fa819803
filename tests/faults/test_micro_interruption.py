"""
An interruption of milliseconds: read while it lasts, and the DUT fed in the end.
"""

from __future__ import annotations

import math
from contextlib import suppress
from itertools import count
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import clock
from harness.errors import DeviceError, NotProven, UsageError
from harness.faults.micro_interruption import MicroInterruption
from harness.model.instant import Instant
from harness.model.reading import Flag, Reading
from tests.faults.batteries import Cast, S, carried_out, play, spec_of

# A rail that falls from 5 V to 3 V in 30 ms.
TAU_S = 0.030 / math.log(5 / 3)
PERIOD_S = 0.002


class Rail:
    """
    A switch that times an interruption by itself, the rail behind it, and its meter: all in one.

    The `nth` command to the switch fails after half of its work.
    """

    chatter_s, min_on_s, min_off_s, min_pulse_s = 0.0, 0.0, 0.0, 100e-6
    cycles_per_hour, period_s = 1800, PERIOD_S

    def __init__(
        self,
        *,
        fails_at: int | None = None,
        welded: bool = False,
        capacitor_s: float = TAU_S,
        blind: bool = False,
        blind_from: int | None = None,
    ) -> None:
        self.name = "mains"
        self._fails_at, self._welded, self._tau_s = fails_at, welded, capacitor_s
        self._blind_from = 0 if blind else blind_from
        self._reads = 0
        self.calls, self.fed = 0, True
        self.off_ns: int | None = None
        self.on_ns: int | None = None

    async def open(self) -> None: ...

    async def aclose(self) -> None: ...

    async def on(self) -> Instant:
        self._called()
        self._feed()
        return Instant.exactly(clock.now_ns())

    async def off(self) -> Instant:
        raise AssertionError("nothing that is timed by the host")

    async def is_on(self) -> bool:
        return self.fed

    async def make_safe(self) -> None:
        await self.on()

    async def undo(self, action: str) -> None:
        await self.on()

    async def interrupt(self, off_s: float) -> tuple[Instant, Instant]:
        await anyio.sleep(0.0013)
        self.fed, self.off_ns = False, clock.now_ns()
        self._called()
        await anyio.sleep(off_s)
        self._feed()
        return Instant.exactly(self.off_ns), Instant.exactly(clock.now_ns())

    async def read(self, after_ns: int | None = None) -> Reading:
        """
        The mean over the last period, by its middle.
        """
        start_ns = clock.now_ns()
        await anyio.sleep(PERIOD_S)
        at = Instant(start_ns, clock.now_ns())
        self._reads += 1
        if self._blind_from is not None and self._reads > self._blind_from:
            return Reading(at, Flag.NACK)
        return Reading(at, Flag.OK, self.voltage_v((at.earliest_ns + at.latest_ns) // 2), 0.2)

    def voltage_v(self, at_ns: int) -> float:
        if self._welded or self.off_ns is None or not self.off_ns < at_ns or (self.on_ns or at_ns) < at_ns:
            return 5.0
        return 5.0 * math.exp(-(at_ns - self.off_ns) / S / self._tau_s)

    def fell_ns(self, level_v: float) -> int:
        """
        When the rail fell to a level: the truth.
        """
        assert self.off_ns is not None
        return self.off_ns + round(self._tau_s * math.log(5 / level_v) * S)

    def _feed(self) -> None:
        if not self.fed:
            self.fed, self.on_ns = True, clock.now_ns()

    def _called(self) -> None:
        self.calls += 1
        if self.calls == self._fails_at:
            raise DeviceError(self.name, "failed as asked")


def interruption_of(rail: Any, for_s: float | None = None, **keys: Any) -> MicroInterruption:
    return MicroInterruption(spec_of(MicroInterruption, "power", for_s, **keys), Cast(power=rail, meter=rail))


async def nothing() -> None:
    """
    Nobody is needed beside it.
    """


@given(st.floats(0.006, 0.2))
def test_fall_and_rise_are_held_by_what_was_read_meanwhile(off_s: float) -> None:
    async def main() -> None:
        rail = Rail()
        strike, effective, removed = await carried_out(interruption_of(rail, off_s=off_s), nothing)
        assert effective is not None
        assert effective.holds(rail.fell_ns(4.9))
        assert rail.on_ns is not None
        assert removed.holds(rail.on_ns)
        assert strike.commanded == Instant.exactly(rail.off_ns or 0)
        assert strike.removal_commanded == Instant.exactly(rail.on_ns)
        assert rail.fed

    play(main)


@pytest.mark.parametrize("keys", [{"welded": True}, {"capacitor_s": 10.0}])
def test_a_rail_that_was_not_seen_to_fall_proves_nothing(keys: dict[str, Any]) -> None:
    async def main() -> None:
        rail = Rail(**keys)
        strike, effective, _ = await carried_out(interruption_of(rail), nothing)
        assert effective is None
        assert "interrupted for 5 ms, but 'mains' read" in strike.why_not()
        assert rail.fed

    play(main)


def test_a_meter_that_is_silent_beforehand_forbids_it() -> None:
    async def main() -> None:
        rail = Rail(blind=True)
        with pytest.raises(NotProven, match="a cut could not be proven"):
            await carried_out(interruption_of(rail), nothing)
        assert rail.off_ns is None

    play(main)


def test_a_meter_that_goes_blind_meanwhile_proves_nothing_and_holds_nobody_up() -> None:
    async def main() -> None:
        rail = Rail(blind_from=1)
        before_ns = clock.now_ns()
        with pytest.raises(NotProven, match=r"gave no reading \(nack\)"):
            await carried_out(interruption_of(rail, prove_s=1.0), nothing)
        assert clock.now_ns() - before_ns < 5 * S
        assert rail.fed

    play(main)


def test_every_call_may_fail_once_and_the_dut_is_fed_in_the_end() -> None:
    for nth in count(1):
        rail = Rail(fails_at=nth)

        async def main(rail: Rail = rail) -> None:
            with suppress(DeviceError):
                await carried_out(interruption_of(rail), nothing)

        play(main)
        assert rail.fed, f"call {nth}"
        if rail.calls < nth:
            assert nth > 2
            break


class Plain:
    """
    A switch that is cut and fed by the host, with its meter.
    """

    name = "mains"
    chatter_s, min_on_s, min_off_s, min_pulse_s = 0.002, 0.0, 0.0, 0.02
    cycles_per_hour, period_s = 1800, PERIOD_S
    open = aclose = on = off = is_on = make_safe = undo = read = nothing


def test_a_switch_that_cannot_time_it_is_told_what_can() -> None:
    with pytest.raises(UsageError, match="mains cannot time an interruption by itself; use `power_cut`") as caught:
        interruption_of(Plain(), off_s=0.05)
    assert caught.value.key == "role"


def test_below_the_floor_of_a_plain_switch_the_guard_is_left_to_refuse() -> None:
    assert interruption_of(Plain(), off_s=0.005).strikes == (("mains", 0.005, 1),)


@pytest.mark.parametrize(
    ("keys", "key"),
    [({"for_s": 1.0}, "for"), ({"off_s": 0.0}, "off"), ({"effective_below_ratio": 0.99}, "effective_below")],
)
def test_what_makes_no_sense_is_told_by_its_key(keys: dict[str, float], key: str) -> None:
    with pytest.raises(UsageError) as caught:
        interruption_of(Rail(), **keys)
    assert caught.value.key == key


def test_it_says_beforehand_what_it_will_do() -> None:
    fault = interruption_of(Rail())
    assert fault.plan() == [(0.0, "mains off, by itself"), (0.005, "mains on")]
    assert fault.levels_v == (4.9, 4.9)
    assert not fault.expects_loss
