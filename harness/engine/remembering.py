"""
What a trial needs of its rail's samples is kept, however long it takes: around the cut, the rise, and the ready DUT.
"""

from __future__ import annotations

from collections.abc import Iterator

import anyio

from ..clock import NS_PER_S
from ..model.trial import Instants
from .bench import Bench
from .moments import Moments

# Often enough for the fastest meter, of which the newest 25 s are remembered in any case.
_EVERY_S = 10.0

# Before a cut lies what the DUT draws when it runs; a stroke, a fall and an inrush are over within the time after. Most
# DUTs have booted within a minute of their rail's rise.
_BEFORE_NS, _AFTER_NS, _BOOT_NS = 6 * NS_PER_S, 2 * NS_PER_S, 60 * NS_PER_S
_READY_NS = 6 * NS_PER_S


async def keep_remembering(bench: Bench, dut: str, moments: Moments) -> None:
    """
    Has the bench keep the stretches of a trial on a DUT's rail, until it is cancelled.
    """
    bench.keep_samples(dut, ())
    while True:
        await anyio.sleep(_EVERY_S)
        bench.keep_samples(dut, stretches(moments.instants))


def stretches(instants: Instants) -> Iterator[tuple[int, int]]:
    """
    The stretches (from, to, in nanoseconds) that the quantities of a trial are read off.
    """
    cut, fell = instants.fault_commanded, instants.fault_effective or instants.fault_commanded
    if cut is not None and fell is not None:
        yield cut.earliest_ns - _BEFORE_NS, fell.latest_ns + _AFTER_NS
    back, rose = instants.removal_commanded, instants.removal_effective or instants.removal_commanded
    if back is not None and rose is not None:
        yield back.earliest_ns - _AFTER_NS, rose.latest_ns + _BOOT_NS
    if instants.ready is not None:
        yield instants.ready.earliest_ns - _AFTER_NS, instants.ready.latest_ns + _READY_NS
