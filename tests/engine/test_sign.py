"""
The first sign of life: the first current after the supply is back, and never later than it was.
"""

from __future__ import annotations

import anyio
import pytest

from harness import clock
from harness.engine.sign import first_sign
from harness.errors import DeviceError
from harness.model.instant import Instant
from harness.model.reading import Flag, Reading

MS, S = 10**6, 10**9


class Meter:
    """
    A meter with a reading every 2 ms, on a unit that draws 0.3 A from a moment on; some of its readings are lost.
    """

    name, period_s = "monitor", 0.002

    def __init__(self, draws_from_ns: int, lost: tuple[int, ...] = ()) -> None:
        self._draws_from_ns, self._lost = draws_from_ns, lost
        self.readings = 0

    async def open(self) -> None: ...

    async def aclose(self) -> None: ...

    async def read(self, after_ns: int | None = None) -> Reading:
        began_ns = clock.now_ns()
        await anyio.sleep(self.period_s)
        self.readings += 1
        at = Instant(began_ns, clock.now_ns())
        if self.readings in self._lost:
            return Reading(at, Flag.NACK)
        # As an average, so that a current that has just begun is seen in part.
        drawn_ns = max(0, at.latest_ns - max(self._draws_from_ns, at.earliest_ns))
        return Reading(at, Flag.OK, 5.0, 0.3 * drawn_ns / at.width_ns)


def seen(meter: Meter, removed_ns: int = 0, chatter_s: float = 0.0) -> Instant:
    """
    The first sign that is found of a unit, looked for from the start.
    """

    async def main() -> Instant:
        return await first_sign(meter, 0.05, Instant.exactly(removed_ns), chatter_s)

    return clock.run(main, virtual=True)


@pytest.mark.parametrize("draws_from_ns", [5 * MS, 6 * MS, 7_900_000, 100 * MS])
def test_the_first_current_lies_between_two_readings(draws_from_ns: int) -> None:
    found = seen(Meter(draws_from_ns))
    assert found.holds(draws_from_ns)
    assert found.width_ns <= 6 * MS


def test_a_current_that_flows_already_began_since_the_removal() -> None:
    assert seen(Meter(-MS), removed_ns=-3 * MS) == Instant(-3 * MS, 2 * MS)


def test_a_contact_that_chatters_may_have_touched_before_the_current_stayed() -> None:
    still, chattering = seen(Meter(9 * MS)), seen(Meter(9 * MS), chatter_s=0.001)
    assert chattering == Instant(still.earliest_ns - MS, still.latest_ns)


def test_a_lost_reading_widens_the_instant() -> None:
    found = seen(Meter(9 * MS, lost=(2, 3)))
    assert found.holds(9 * MS)
    assert found.earliest_ns == 0


def test_a_unit_that_draws_nothing_for_long_is_asked_less_often() -> None:
    meter = Meter(60 * S)
    assert seen(meter).holds(60 * S)
    assert meter.readings < 1200


def test_a_meter_that_does_not_answer_is_the_benchs_trouble() -> None:
    meter = Meter(0)
    meter.read = lambda _: anyio.sleep_forever()  # type: ignore[assignment, method-assign, misc]
    with pytest.raises(DeviceError, match=r"monitor: did not answer within 2\.008 s"):
        seen(meter)
