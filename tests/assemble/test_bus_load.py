"""
A bus that cannot carry what its meters convert is told by the rig's file and key, before anything is switched.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness import clock
from harness.assemble import Opening, assembled
from harness.errors import UsageError
from harness.model.rig import I2CSpec, RigSpec, SamplingSpec
from tests.benches import rig, two_duts


def opened(bench: RigSpec, opening: Opening = Opening.CHECK) -> None:
    async def main() -> None:
        async with assembled(bench, opening=opening):
            pass

    clock.run(main, virtual=True)


def clocked(clock_hz: float | None, bench: RigSpec) -> RigSpec:
    return replace(bench, i2c=I2CSpec(driver="sim", clock_hz=clock_hz), sampling=SamplingSpec())


# 280 µs for both, and 48 clocks for each of four words.
QUICK = {"conversion_s": 140e-6}
NEEDED_HZ = 4 * 48 / 280e-6


@pytest.mark.parametrize("opening", [Opening.CHECK, Opening.RUN])
def test_a_clock_too_slow_for_the_conversions_is_refused_with_the_cure(opening: Opening) -> None:
    with pytest.raises(UsageError) as caught:
        opened(clocked(400e3, rig(meter=QUICK)), opening)
    assert caught.value.key == "devices.monitor.conversion"
    assert caught.value.file.endswith("sim.toml")
    assert "takes 686 kHz, and `i2c.clock` says 400 kHz; write a longer `conversion`" in caught.value.problem


def test_one_that_is_just_fast_enough_is_taken_and_so_is_one_that_nobody_knows() -> None:
    for clock_hz in (NEEDED_HZ, None):
        opened(clocked(clock_hz, rig(meter=QUICK)))
    opened(clocked(100e3, rig()))


def test_meters_share_their_bus() -> None:
    opened(clocked(1.2 * NEEDED_HZ, rig(meter=QUICK)))
    with pytest.raises(UsageError, match="I2C bus 1 cannot carry"):
        opened(clocked(1.2 * NEEDED_HZ, two_duts(meter=QUICK)))


def test_what_is_not_sampled_needs_no_rate_and_a_rig_can_always_be_restored() -> None:
    opened(replace(clocked(400e3, rig(meter=QUICK)), sampling=None))
    opened(clocked(400e3, rig(meter=QUICK)), Opening.RESTORE)


def test_no_clock_is_no_clock() -> None:
    with pytest.raises(ValueError, match="clock must be more than 0"):
        I2CSpec(driver="sim", clock_hz=0)
