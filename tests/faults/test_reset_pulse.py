"""
A pulse on the reset line: proven by the DUT's silence or by its boot id, and always released.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from typing import Any

import anyio
import pytest

from harness import clock
from harness.errors import DeviceError, NotProven, UsageError
from harness.faults.reset_pulse import ResetPulse
from harness.model.instant import Instant
from tests.faults.batteries import Cast, Dut, S, SimpleBattery, carried_out, play, spec_of


class Line:
    """
    A reset line that has its DUT boot, silently for `boot_s`. The `nth` command to it fails after half of its work.
    """

    name, min_pulse_s = "reset", 0.001

    def __init__(self, dut: Dut, boot_s: float = 3.0, fails_at: int | None = None, *, is_cut: bool = False) -> None:
        self._dut, self._boot_s, self._fails_at, self._is_cut = dut, boot_s, fails_at, is_cut
        self.is_pulled, self.calls = False, 0
        self.released_ns: int | None = None
        self._released = anyio.Event()

    async def open(self) -> None: ...

    async def aclose(self) -> None: ...

    async def make_safe(self) -> None:
        self._called()
        self.is_pulled = False

    async def undo(self, action: str) -> None:
        assert action == "release"
        await self.make_safe()

    async def pulse(self, width_s: float) -> tuple[Instant, Instant]:
        self.is_pulled = True
        self._called()
        pulled = Instant.exactly(clock.now_ns())
        if not self._is_cut:
            self._dut.is_dead, self._dut.boot_id = self._boot_s > 0, "2"
        await anyio.sleep(width_s)
        self.is_pulled, self.released_ns = False, clock.now_ns()
        self._released.set()
        return pulled, Instant.exactly(self.released_ns)

    async def boot(self) -> None:
        """
        Has the DUT come back; to be run beside the fault.
        """
        await self._released.wait()
        await anyio.sleep(self._boot_s)
        self._dut.is_dead = False
        await anyio.sleep_forever()

    def _called(self) -> None:
        self.calls += 1
        if self.calls == self._fails_at:
            raise DeviceError(self.name, "failed as asked")


def reset_of(line: Line, dut: Dut, for_s: float | None = None, **keys: Any) -> ResetPulse:
    return ResetPulse(spec_of(ResetPulse, "reset", for_s, **keys), Cast(reset=line, probes__health=dut))


@pytest.mark.parametrize("boot_s", [3.0, 0.0])
def test_silence_or_another_boot_id_proves_it(boot_s: float) -> None:
    async def main() -> None:
        line = Line(dut := Dut(SimpleBattery()), boot_s)
        strike, effective, removed = await carried_out(reset_of(line, dut, width_s=0.2), line.boot)
        assert effective is not None
        assert effective.holds(strike.commanded.earliest_ns)
        assert removed == Instant.exactly(line.released_ns or 0)
        assert abs(removed.latest_ns - strike.commanded.earliest_ns - 0.2 * S) <= 1

    play(main)


def test_a_line_that_is_not_wired_proves_nothing() -> None:
    async def main() -> None:
        line = Line(dut := Dut(SimpleBattery()), is_cut=True)
        before_ns = clock.now_ns()
        strike, effective, _ = await carried_out(reset_of(line, dut, prove_s=4.0), line.boot)
        assert effective is None
        assert clock.now_ns() - before_ns < 6 * S
        assert 'boot_id = "1", as before: is it on the DUT' in strike.why_not()

    play(main)


def test_a_dut_that_says_nothing_beforehand_is_not_reset() -> None:
    async def main() -> None:
        line = Line(dut := Dut(SimpleBattery()))
        dut.is_dead = True
        with pytest.raises(NotProven, match="a reset could not be proven"):
            await carried_out(reset_of(line, dut), line.boot)
        assert line.calls == 0

    play(main)


def test_every_call_may_fail_once_and_the_line_is_released_in_the_end() -> None:
    for nth in count(1):
        line = Line(dut := Dut(SimpleBattery()), fails_at=nth)

        async def main(line: Line = line, dut: Dut = dut) -> None:
            with suppress(DeviceError):
                await carried_out(reset_of(line, dut), line.boot)

        play(main)
        assert not line.is_pulled, f"call {nth}"
        if line.calls < nth:
            assert nth > 2
            break


@pytest.mark.parametrize(("keys", "key"), [({"for_s": 1.0}, "for"), ({"width_s": 0.0005}, "width")])
def test_what_cannot_be_done_is_told_by_its_key(keys: dict[str, float], key: str) -> None:
    dut = Dut(SimpleBattery())
    with pytest.raises(UsageError) as caught:
        reset_of(Line(dut), dut, **keys)
    assert caught.value.key == key


def test_it_says_beforehand_what_it_will_do() -> None:
    dut = Dut(SimpleBattery())
    fault = reset_of(Line(dut), dut)
    assert fault.plan() == [(0.0, "reset pulled"), (0.1, "reset released")]
    assert fault.expects_loss


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"count": 0}, "at least 1"),
        ({"count": 2, "every_s": 0.1}, "more than `width`"),
        ({"offset_s": 0.1}, "after_edges"),
        ({"jitter_s": 0.1}, "needs a `count`"),
        ({"count": 2, "every_s": 1.0, "jitter_s": 0.1, "after_edges": 1}, "without `after_edges`"),
        ({"seed": -1}, "0 to 65535"),
        ({"look_s": 0.0}, "more than 0"),
    ],
)
def test_pulses_that_cannot_be_are_refused(config: dict[str, Any], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        ResetPulse.Config(**config)
