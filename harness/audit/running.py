"""
Waiting until the DUTs run: what a unit draws while it boots says nothing of its meter's shunt.
"""

from __future__ import annotations

from contextlib import suppress

import anyio

from ..engine.bench import Bench
from ..errors import BenchError, CrashbenchError
from ..insist import answered, reading_s
from ..model.rig import DutSpec
from ..model.run import Dut

# A Raspberry Pi boots in less.
_PATIENCE_S = 60.0
_EVERY_S = 0.5
# A current that passes through the band of a DUT that runs while it boots is out of it again by then.
_STAYS = 4


async def until_running(bench: Bench) -> frozenset[str]:
    """
    Waits until the first DUT says who it is, and every other one whose `run_current` is known draws that; for a minute
    at most. Returns those that should have answered by then, and have not.
    """
    silent = set()
    with anyio.move_on_after(_PATIENCE_S):
        for index, dut in enumerate(bench.rig.duts.values()):
            if not dut.run_current_a:
                continue
            if index == 0 and dut.identity is not None:
                silent.add(dut.name)
                await _until_it_answers(bench)
                silent.remove(dut.name)
            else:
                await _until_it_draws(bench, dut)
    return frozenset(silent)


async def _until_it_answers(bench: Bench) -> None:
    while True:
        with suppress(CrashbenchError):  # who cannot be asked does not answer
            if await bench.identify() != Dut():
                return
        await anyio.sleep(_EVERY_S)


async def _until_it_draws(bench: Bench, dut: DutSpec) -> None:
    meter, (least_a, most_a) = bench.meter_of(dut.name), dut.run_current_a
    in_band = 0
    while meter is not None and in_band < _STAYS:
        current_a = None
        with suppress(BenchError):  # a meter that fails is found when it is looked at
            current_a = (await answered(meter.name, meter.read, reading_s(meter.period_s))).current_a
        in_band = in_band + 1 if current_a is not None and least_a <= current_a <= most_a else 0
        await anyio.sleep(_EVERY_S)
