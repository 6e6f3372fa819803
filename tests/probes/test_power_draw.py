"""
The `power_draw` probe: a current in its band is well, and a meter that cannot say is the bench's trouble.
"""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from harness import clock
from harness.errors import DeviceError, UsageError
from harness.model.instant import Instant
from harness.model.reading import Flag, Reading
from harness.probes.power_draw import PowerDraw
from tests.probes.services import made

MS = 10**6


class Meter:
    """
    A meter that is always a reading behind: the first it gives was begun 3 ms ago.
    """

    name, period_s = "monitor", 0.002

    def __init__(self, *amps: float | None, flag: Flag = Flag.OK) -> None:
        self._amps, self._flag = list(amps), flag
        self._began_ns = -3 * MS

    async def open(self) -> None: ...

    async def aclose(self) -> None: ...

    async def read(self, after_ns: int | None = None) -> Reading:
        await anyio.sleep(self.period_s)
        began_ns, self._began_ns = self._began_ns, clock.now_ns()
        amps = self._amps.pop(0) if len(self._amps) > 1 else self._amps[0]
        return Reading(Instant(began_ns, clock.now_ns()), self._flag, None if amps is None else 5.0, amps)


def asked(meter: Meter, **config: Any) -> bool:
    """
    What the probe makes of a meter.
    """
    return bool(clock.run(made(PowerDraw, meter, **{"max_a": 0.5, **config}).ask, virtual=True))


@pytest.mark.parametrize(("amps", "is_well"), [(0.0, False), (0.1, True), (0.3, True), (0.5, True), (0.51, False)])
def test_well_is_a_current_in_the_band(amps: float, is_well: bool) -> None:
    assert asked(Meter(amps), min_a=0.1) is is_well


def test_a_reading_from_before_the_question_is_no_answer_to_it() -> None:
    # What it drew before it was asked (0.3 A) is not what it draws (nothing).
    assert asked(Meter(0.3, 0.0), min_a=0.1) is False


@pytest.mark.parametrize("flag", [flag for flag in Flag if flag is not Flag.OK])
def test_a_meter_that_cannot_be_believed_is_the_benchs_trouble(flag: Flag) -> None:
    with pytest.raises(DeviceError, match=rf"monitor: gave no reading \({flag}\)"):
        asked(Meter(None, flag=flag))


def test_a_meter_that_does_not_answer_is_blamed_before_the_dut_is() -> None:
    meter: Any = Meter(0.3)
    meter.read = anyio.sleep_forever

    async def main() -> None:
        # The engine's own deadline.
        with anyio.fail_after(1.0):
            await made(PowerDraw, meter, timeout_s=1.0, max_a=0.5).ask()

    with pytest.raises(DeviceError, match=r"monitor: did not answer within 0\.9 s"):
        clock.run(main, virtual=True)


def test_a_time_out_that_the_meter_cannot_keep_is_the_callers_mistake() -> None:
    with pytest.raises(UsageError, match=r"timeout: must be 0\.00889 s at least: 'monitor' is not faster"):
        made(PowerDraw, Meter(0.3), timeout_s=0.005, max_a=0.5)


def test_an_empty_band_is_the_callers_mistake() -> None:
    with pytest.raises(UsageError, match="min: must not be more than `max`"):
        PowerDraw.Config(min_a=2.0, max_a=1.0)


def test_what_was_not_measured_is_not_accepted() -> None:
    probe = made(PowerDraw, Meter(0.3), max_a=0.5)
    assert not probe.accepts(None)
    assert not probe.accepts(Reading(Instant(0, 1), Flag.NACK))
    assert probe.measured() == {}
